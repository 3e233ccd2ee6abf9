"""`labs hint`."""

from __future__ import annotations

import click
from rich.text import Text

from runner.checking import run
from runner.checking.outcomes import Outcome, Report
from runner.checking.request import Request
from runner.cli import _console, _learning, _lesson_text, _next, _options, _which
from runner.clusters.driver import Cluster
from runner.learning import hints, place
from runner.learning.hints import Help
from runner.lessons.model import Hint, Lab, Step

# Long enough not to hint at what is only settling.
_PATIENCE_SECONDS = 1.0


@click.command("hint")
@click.argument("lab", type=_options.LAB, required=False)
@click.argument("step", type=_options.STEP, required=False)
@click.option("--again", is_flag=True, help="Show the hints once more that were shown, and no new one.")
def command(lab: str | None, step: str | None, again: bool) -> int:
    """Get a nudge: a step's next hint, weakest first, one more each time it is asked for.

    Without STEP it is for the first step that is not done. Some hints are shown only while a certain check fails, so
    the step's checks are run if the lab is started.

    \b
    Examples:
      labs hint                                in the lab that is started
      labs hint join-workers
      labs hint swarm-basics join-workers
      labs hint --again
    """
    found, wanted = _which.lab_and_step(lab, step, "labs hint")
    cluster = _which.running(found)
    chosen = wanted or _place(found, cluster)
    if chosen is None:
        _console.out().print(f"Every step of '{found.name}' is done. 'labs hint {found.name} STEP' is for one of them.")
        return 0
    report = _look(found, cluster, chosen)
    helping = hints.choose(chosen, report.results, _learning.load(found.name).of(chosen.id).hints)
    _console.out().print(Text.assemble((chosen.title, "bold"), (f"  {chosen.id}", "dim")))
    if again or helping.next is None:
        _show_seen(found, chosen, helping, report)
    else:
        _show_next(found, chosen, helping, helping.next, report)
    return 0


def _place(lab: Lab, cluster: Cluster | None) -> Step | None:
    """Return the first step that is not done; those done since the last look are noted on the way."""
    progress = _learning.load(lab.name)
    if cluster is None:
        return progress.place(lab.lesson) if _which.exists(lab) else progress.unpassed(lab.lesson)
    for step in lab.lesson.steps:
        if step.id in progress.here:
            continue
        report = _look(lab, cluster, step)
        if report.results and place.passed(lab.lesson, report, whole=False):
            _learning.passed(lab.name, [step.id])
        elif report.results or hints.choose(step, (), progress.of(step.id).hints).next:
            return step
    return None


def _look(lab: Lab, cluster: Cluster | None, step: Step) -> Report:
    if cluster is None:
        return Report(lab.name, ())
    return run.run(Request(lab, cluster, frozenset({step.id}), _PATIENCE_SECONDS))


def _show_next(lab: Lab, step: Step, helping: Help, hint: Hint, report: Report) -> None:
    total = len(helping.seen) + len(helping.waiting)
    _show(hint, len(helping.seen) + 1, total, report)
    _learning.hint_shown(lab.name, step.id, hints.mark(hint))
    if len(helping.waiting) > 1:
        _next.lines([(f"labs hint {lab.name} {step.id}", "the next one")], "Still stuck?")
    else:
        _show_last(lab, step)


def _show_seen(lab: Lab, step: Step, helping: Help, report: Report) -> None:
    total = len(helping.seen) + len(helping.waiting)
    for number, hint in enumerate(helping.seen, 1):
        _show(hint, number, total, report)
    if helping.waiting:
        lead = "Still stuck?" if helping.seen else "You have not asked for any yet."
        _next.lines([(f"labs hint {lab.name} {step.id}", "the next one")], lead)
    elif place.passed(lab.lesson, report, whole=False):
        _console.out().print("This step's checks pass already.")
    else:
        _show_last(lab, step)


def _show_last(lab: Lab, step: Step) -> None:
    words = [(f"labs show {lab.name} {step.id}", "read the step once more")]
    words.append((f"labs solution {lab.name} {step.id} --spoil", "see how it is done"))
    _next.lines(words, "That is all there is to hint at." if step.hints else "This step has no hints.")


def _show(hint: Hint, number: int, total: int, report: Report) -> None:
    out = _console.out()
    failed = [one for one in report.results if one.check == hint.check and one.outcome is Outcome.FAILED]
    about = f"  for '{failed[0].says}'" if failed else ""
    out.print(Text.assemble((f"Hint {number} of {total}", "yellow"), (about, "dim")))
    _lesson_text.show_hint(hint)
