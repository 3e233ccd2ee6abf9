"""`labs solution`."""

from __future__ import annotations

import click
from rich.text import Text

from runner.cli import _console, _lesson_text, _options, _progress
from runner.errors import IncompleteError
from runner.lessons import parse
from runner.lessons.model import Lab, Step
from runner.nodes.driver_interface import ClusterId
from runner.progress import current_step
from runner.session import Session


@click.command("solution")
@_options.lab_and_step_arguments
@click.option("--spoil", is_flag=True, help="Show it before you have passed the step; your progress records this.")
def command(lab: str | None, step: str | None, spoil: bool) -> int:
    """Show how a step is done, after you have passed it.

    Shows the lesson's own commands, or the reference solution of a challenge. Without STEP, shows the first step that
    is not done, or the last step if all are.

    \b
    Examples:
      labs solution join-workers               in the lab that is started
      labs solution swarm-basics challenge
      labs solution --spoil
    """
    session = _progress.create_session()
    selected_lab, named_step = session.resolve_lab_and_step(lab, step, "labs solution")
    chosen = named_step or _find_current_step(session, selected_lab)
    parts = parse.load_solution_parts(selected_lab, chosen)
    if not parts:
        _console.get_stdout().print(f"'{chosen.title}' has no commands.", markup=False)
        return 0
    if not spoil and not _is_passed(session, selected_lab, chosen):
        raise IncompleteError(
            f"You have not passed '{chosen.title}' yet.",
            f"'labs hint {selected_lab.name} {chosen.id}' gives a hint; --spoil shows the solution and records that.",
        )
    heading = Text.assemble("\n", (chosen.title, "bold cyan"), (f"  {chosen.id}", "dim"), "\n")
    _console.get_stdout().print(heading)
    _lesson_text.print_lesson_parts(parts, selected_lab.lesson.topology)
    _progress.record_solution_shown(selected_lab.name, chosen.id)
    return 0


def _find_current_step(session: Session, lab: Lab) -> Step:
    cluster = session.cluster_survey.find_cluster(ClusterId(lab.name))
    progress = session.load_progress(lab.name)
    current = current_step.find_current_step(
        lab, cluster, progress, lambda step: bool(parse.load_solution_parts(lab, step))
    )
    if current.newly_passed:
        _progress.record_steps_passed(lab.name, current.newly_passed)
    return current.checked.step if current.checked else lab.lesson.steps[-1]


def _is_passed(session: Session, lab: Lab, step: Step) -> bool:
    """Return whether the learner has passed a step before, or its checks pass now."""
    if session.load_progress(lab.name).find_step_record(step.id).passed_at:
        return True
    cluster = session.cluster_survey.find_cluster(ClusterId(lab.name))
    if not current_step.run_step_checks(lab, cluster, step).is_passed:
        return False
    # A step that labs played for the learner is not recorded as passed.
    return _progress.record_steps_passed(lab.name, [step.id]).progress.find_step_record(step.id).passed_at is not None
