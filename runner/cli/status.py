"""`labs status`."""

from __future__ import annotations

import click

from runner.cli import _console, _progress
from runner.errors import LabsError
from runner.lessons import catalog
from runner.nodes.driver_interface import Cluster, NodeState
from runner.session import Session


@click.command("status")
def command() -> int:
    """Show which labs are started, their nodes, your progress and what to do next.

    \b
    Examples:
      labs status
    """
    session = _progress.create_session()
    survey = session.cluster_survey
    console = _console.get_stdout()
    if not survey.clusters and not survey.listing_error:
        console.print("No lab is started. 'labs list' shows the labs; 'labs start LAB' starts one.")
        _suggest_last_lab(session)
        return 0
    for number, cluster in enumerate(survey.clusters):
        if number:
            console.print()
        _print_cluster(session, cluster)
    if survey.listing_error:
        # Raised last, so that the known clusters are shown first.
        raise survey.listing_error
    return 0


def _print_cluster(session: Session, cluster: Cluster) -> None:
    from rich.table import Table

    console = _console.get_stdout()
    state, advice = _describe_state(cluster)
    console.print(f"[bold]{cluster.id}[/]  {state}  [dim](driver {cluster.driver})[/]")
    table = Table(box=None, padding=(0, 3, 0, 0), show_header=False)
    for node in cluster.nodes:
        colour = "green" if node.state is NodeState.RUNNING else "yellow"
        table.add_row(f"  {node.name}", node.role.value, node.address, f"[{colour}]{node.state.value}[/]")
    console.print(table)
    if advice:
        console.print(advice)
    if cluster.is_complete and cluster.id.is_main:
        _print_progress(session, cluster.id.lab)


def _print_progress(session: Session, name: str) -> None:
    try:
        lab = session.load_lab(name)
    except LabsError:
        # Even if the lesson is broken, its nodes exist and can be removed.
        return
    progress, steps = session.load_progress(name), lab.lesson.steps
    _progress.print_learner_values(lab)
    bar = _progress.format_progress_bar(progress.count_passed_steps(lab.lesson), len(steps))
    played = progress.count_played_unpassed_steps(lab.lesson)
    suffix = f", {played} played for you" if played else ""
    _console.get_stdout().print(f"  {bar} steps passed{suffix}")
    step = progress.find_first_step_incomplete_on_cluster(lab.lesson)
    if step is None:
        _progress.print_next_lab_suggestion(lab)
        return
    _progress.print_next_step_suggestion(lab, step)
    unpassed = progress.find_first_step_never_passed(lab.lesson)
    if unpassed and steps.index(unpassed) > steps.index(step):
        _console.print_suggested_commands(
            [(f"labs goto {name} {unpassed.id}", unpassed.title)], "Or skip to where you were:"
        )


def _suggest_last_lab(session: Session) -> None:
    """Print the lab that was used last, if it is not finished."""
    labs = [(lab, session.load_progress(lab.name)) for lab in catalog.load_labs_without_problems()]
    used = [
        (progress.last_used, lab, progress)
        for lab, progress in labs
        if progress.last_used and progress.count_passed_steps(lab.lesson)
    ]
    if not used:
        return
    _, lab, progress = max(used, key=lambda entry: entry[0])
    step = progress.find_first_step_never_passed(lab.lesson)
    if step:
        bar = _progress.format_progress_bar(progress.count_passed_steps(lab.lesson), len(lab.lesson.steps))
        commands = [(f"labs goto {lab.name} {step.id}", step.title)]
        _console.print_suggested_commands(commands, f"Your last lab was '{lab.name}' ({bar}):")


def _describe_state(cluster: Cluster) -> tuple[str, str]:
    """Return a cluster's state, and what to do about it if it is not running."""
    lab = cluster.id.lab
    if not cluster.id.is_main:
        return "[yellow]belongs to another command, or is left over from one[/]", f"'labs rm {cluster.id}' removes it."
    if not cluster.is_complete:
        state = "[red]incomplete: its start was interrupted, or an earlier version of labs started it[/]"
        return state, f"'labs start {lab}' starts it again, 'labs rm {lab}' removes it."
    if cluster.is_fully_running:
        return "[green]running[/]", ""
    if all(node.state is NodeState.STOPPED for node in cluster.nodes):
        return "[yellow]stopped[/]", f"'labs start {lab}' resumes it."
    down = ", ".join(node.name for node in cluster.nodes if node.state is NodeState.STOPPED)
    return f"[red]{down} down[/]", f"'labs start {lab}' restarts {down}."
