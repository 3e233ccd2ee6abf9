"""`labs solution`."""

from __future__ import annotations

import click
from rich.text import Text

from runner.checking import run
from runner.checking.request import Request
from runner.cli import _console, _learning, _lesson_text, _options, _which
from runner.errors import NotYetError
from runner.learning import place
from runner.lessons import parse
from runner.lessons.model import Lab, Step


@click.command("solution")
@click.argument("lab", type=_options.LAB, required=False)
@click.argument("step", type=_options.STEP, required=False)
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
    found, wanted = _which.lab_and_step(lab, step, "labs solution")
    progress = _learning.load(found.name)
    current = progress.place(found.lesson) if _which.exists(found) else progress.unpassed(found.lesson)
    chosen = wanted or current or found.lesson.steps[-1]
    if not spoil and not _passed(found, chosen):
        raise NotYetError(
            f"You have not passed '{chosen.title}' yet.",
            f"'labs hint {found.name} {chosen.id}' gives a nudge; --spoil shows it all the same and notes that.",
        )
    parts = parse.solution(found, chosen)
    out = _console.out()
    out.print(Text.assemble("\n", (chosen.title, "bold cyan"), (f"  {chosen.id}", "dim"), "\n"))
    if parts:
        _lesson_text.show(parts, found.lesson.topology)
    else:
        out.print("There is nothing to type in this step.")
    _learning.solution_shown(found.name, chosen.id)
    return 0


def _passed(lab: Lab, step: Step) -> bool:
    """Whether the learner has ever passed a step, as noted or as its checks find now."""
    if _learning.load(lab.name).of(step.id).passed:
        return True
    cluster = _which.running(lab)
    if cluster is None:
        return False
    report = run.run(Request(lab, cluster, frozenset({step.id})))
    passing = place.passed(lab.lesson, report, whole=False)
    return _learning.passed(lab.name, passing).progress.of(step.id).passed is not None
