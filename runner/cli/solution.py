"""`labs solution`."""

from __future__ import annotations

import click
from rich.text import Text

from runner.cli import _console, _current_step, _lesson_text, _options, _progress, _resolve
from runner.errors import IncompleteError
from runner.lessons import parse
from runner.lessons.model import Lab, Step


@click.command("solution")
@_options.lab_and_step_arguments
@click.option("--spoil", is_flag=True, help="Show it before the step is passed too; your progress notes that.")
def command(lab: str | None, step: str | None, spoil: bool) -> int:
    """See how a step is done, once you have passed it.

    It shows the lesson's own commands, or the reference answer to a challenge. Without STEP it is for the first step
    that is not done, or for the last one if all are.

    \b
    Examples:
      labs solution join-workers               in the lab that is started
      labs solution swarm-basics challenge
      labs solution --spoil
    """
    found, wanted = _resolve.lab_and_step(lab, step, "labs solution")
    chosen = wanted or _current(found)
    parts = parse.load_step_solution(found, chosen)
    if not parts:
        _console.get_stdout().print(f"There is nothing to type in '{chosen.title}'.", markup=False)
        return 0
    if not spoil and not _passed(found, chosen):
        raise IncompleteError(
            f"You have not passed '{chosen.title}' yet.",
            f"'labs hint {found.name} {chosen.id}' gives a nudge; --spoil shows it all the same and notes that.",
        )
    _console.get_stdout().print(Text.assemble("\n", (chosen.title, "bold cyan"), (f"  {chosen.id}", "dim"), "\n"))
    _lesson_text.print_parts(parts, found.lesson.topology)
    _progress.record_solution(found.name, chosen.id)
    return 0


def _current(lab: Lab) -> Step:
    place = _current_step.current(lab, lambda step: bool(parse.load_step_solution(lab, step)))
    return place.step if place else lab.lesson.steps[-1]


def _passed(lab: Lab, step: Step) -> bool:
    """Whether the learner has ever passed a step, as noted or as its checks find now."""
    if _progress.load_progress(lab.name).step_record(step.id).passed_at is None:
        _current_step.of(lab, step)
    return _progress.load_progress(lab.name).step_record(step.id).passed_at is not None
