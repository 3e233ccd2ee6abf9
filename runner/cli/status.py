"""`labs status`."""

from __future__ import annotations

import click

from runner.cli import _console
from runner.clusters import find
from runner.clusters.driver import Cluster, NodeState


@click.command("status")
def command() -> int:
    """Show which labs are started, and their nodes.

    \b
    Examples:
      labs status
    """
    clusters, refusal = find.survey()
    out = _console.out()
    if not clusters and not refusal:
        out.print("No lab is started. 'labs list' shows the labs; 'labs start LAB' starts one.")
        return 0
    for number, cluster in enumerate(clusters):
        if number:
            out.print()
        _show(cluster)
    if refusal:
        # What could not be asked for is told after what is known.
        raise refusal
    return 0


def _show(cluster: Cluster) -> None:
    from rich.table import Table

    out = _console.out()
    state, advice = _state(cluster)
    out.print(f"[bold]{cluster.id}[/]  {state}  [dim](driver {cluster.driver})[/]")
    table = Table(box=None, padding=(0, 3, 0, 0), show_header=False)
    for node in cluster.nodes:
        colour = "green" if node.state is NodeState.RUNNING else "yellow"
        table.add_row(f"  {node.name}", node.role.value, node.address, f"[{colour}]{node.state.value}[/]")
    out.print(table)
    if advice:
        out.print(advice)


def _state(cluster: Cluster) -> tuple[str, str]:
    lab = cluster.id.lab
    if cluster.id.run != "main":
        return "[yellow]of another command, or its remains[/]", f"'labs rm {cluster.id}' removes it."
    if not cluster.complete:
        return "[red]its start was interrupted[/]", f"'labs start {lab}' makes it anew, 'labs rm {lab}' removes it."
    if cluster.running:
        return "[green]running[/]", ""
    if all(node.state is NodeState.STOPPED for node in cluster.nodes):
        return "[yellow]halted[/]", f"'labs start {lab}' goes on where it was."
    down = ", ".join(node.name for node in cluster.nodes if node.state is NodeState.STOPPED)
    return f"[red]{down} down[/]", f"'labs start {lab}' brings {down} up again."
