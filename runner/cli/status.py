"""`labs status`."""

from __future__ import annotations

import click

from runner.cli import _console, _progress, _suggestions
from runner.clusters import lookup
from runner.errors import LabsError
from runner.lessons import catalog
from runner.nodes.driver_interface import Cluster, NodeState


@click.command("status")
def command() -> int:
    """Show which labs are started, their nodes, where you are in them and what to do next.

    \b
    Examples:
      labs status
    """
    survey = lookup.survey_clusters()
    clusters, refusal = survey.clusters, survey.refusal
    out = _console.get_stdout()
    if not clusters and not refusal:
        out.print("No lab is started. 'labs list' shows the labs; 'labs start LAB' starts one.")
        _show_last()
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

    out = _console.get_stdout()
    state, advice = _state(cluster)
    out.print(f"[bold]{cluster.id}[/]  {state}  [dim](driver {cluster.driver})[/]")
    table = Table(box=None, padding=(0, 3, 0, 0), show_header=False)
    for node in cluster.nodes:
        colour = "green" if node.state is NodeState.RUNNING else "yellow"
        table.add_row(f"  {node.name}", node.role.value, node.address, f"[{colour}]{node.state.value}[/]")
    out.print(table)
    if advice:
        out.print(advice)
    if cluster.is_complete and cluster.id.is_main:
        _show_place(cluster.id.lab)


def _show_place(name: str) -> None:
    try:
        lab = _progress.load_learner_lab(name)
    except LabsError:
        # Whatever is wrong with its lesson, its nodes are there and can be removed.
        return
    progress = _progress.load_progress(name)
    _progress.print_learner(lab)
    step = progress.find_current_step(lab.lesson)
    passed, played = progress.count_passed(lab.lesson), progress.count_played(lab.lesson)
    more = f", {played} played for you" if played else ""
    _console.get_stdout().print(f"  {_progress.format_bar(passed, len(lab.lesson.steps))} steps passed{more}")
    if step is None:
        _suggestions.suggest_next_lab(lab)
        return
    _suggestions.suggest_step(lab, step)
    further = progress.find_first_unpassed_step(lab.lesson)
    if further and lab.lesson.steps.index(further) > lab.lesson.steps.index(step):
        _suggestions.print_commands([(f"labs goto {name} {further.id}", further.title)], "Or go on where you were before:")


def _show_last() -> None:
    """Tell of the lab that was worked on last, if it is not finished."""
    labs = [(lab, _progress.load_progress(lab.name)) for lab in catalog.load_valid_labs()]
    used = [(progress.last_used, lab, progress) for lab, progress in labs if progress.last_used and progress.count_passed(lab.lesson)]
    if not used:
        return
    _, lab, progress = max(used, key=lambda one: one[0])
    step = progress.find_first_unpassed_step(lab.lesson)
    if step:
        bar = _progress.format_bar(progress.count_passed(lab.lesson), len(lab.lesson.steps))
        _suggestions.print_commands([(f"labs goto {lab.name} {step.id}", step.title)], f"Last you were in '{lab.name}' ({bar}):")


def _state(cluster: Cluster) -> tuple[str, str]:
    lab = cluster.id.lab
    if not cluster.id.is_main:
        return "[yellow]of another command, or its remains[/]", f"'labs rm {cluster.id}' removes it."
    if not cluster.is_complete:
        return "[red]its start was interrupted[/]", f"'labs start {lab}' makes it anew, 'labs rm {lab}' removes it."
    if cluster.is_running:
        return "[green]running[/]", ""
    if all(node.state is NodeState.STOPPED for node in cluster.nodes):
        return "[yellow]halted[/]", f"'labs start {lab}' goes on where it was."
    down = ", ".join(node.name for node in cluster.nodes if node.state is NodeState.STOPPED)
    return f"[red]{down} down[/]", f"'labs start {lab}' brings {down} up again."
