"""`labs hint`."""

from __future__ import annotations

from collections.abc import Iterable

import click
from rich.text import Text

from runner.checking.results import CheckReport, CheckResult, Outcome
from runner.cli import _console, _current_step, _lesson_text, _options, _progress, _resolve, _suggestions
from runner.cli._current_step import Place
from runner.lessons.model import Hint, Lab, Step
from runner.progress import hint_selection
from runner.progress.hint_selection import HintSelection


@click.command("hint")
@_options.lab_and_step_arguments
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
    found, wanted = _resolve.lab_and_step(lab, step, "labs hint")
    place = (
        _current_step.of(found, wanted)
        if wanted
        else _current_step.current(found, lambda one: bool(_help(found, one, ()).next_hint))
    )
    if place is None:
        _console.get_stdout().print(f"Every step of '{found.name}' is done. 'labs hint {found.name} STEP' is for one of them.")
        return 0
    helping = _help(found, place.step, place.report.results)
    _console.get_stdout().print(Text.assemble((place.step.title, "bold"), (f"  {place.step.id}", "dim")))
    if again or helping.next_hint is None:
        _show_seen(found, place, helping)
    else:
        _show_next(found, place, helping, helping.next_hint)
    return 0


def _help(lab: Lab, step: Step, results: Iterable[CheckResult]) -> HintSelection:
    return hint_selection.select_hints(step, results, _progress.load_progress(lab.name).step_record(step.id).shown_hints)


def _show_next(lab: Lab, place: Place, helping: HintSelection, hint: Hint) -> None:
    _show(hint, helping, place.report)
    _progress.record_hint(lab.name, place.step.id, hint_selection.compute_hint_id(hint))
    if len(helping.remaining) > 1:
        _offer_more(lab, place.step, "Still stuck?")
    else:
        _show_last(lab, place.step)


def _show_seen(lab: Lab, place: Place, helping: HintSelection) -> None:
    for hint in helping.shown:
        _show(hint, helping, place.report)
    if helping.remaining:
        _offer_more(lab, place.step, "Still stuck?" if helping.shown else "You have not asked for any yet.")
    elif place.passes:
        _console.get_stdout().print("The checks of this step pass already.")
    else:
        _show_last(lab, place.step)


def _offer_more(lab: Lab, step: Step, lead: str) -> None:
    _suggestions.print_commands([(f"labs hint {lab.name} {step.id}", "the next one")], lead)


def _show_last(lab: Lab, step: Step) -> None:
    words = [(f"labs show {lab.name} {step.id}", "read the step once more")]
    words.append((f"labs solution {lab.name} {step.id} --spoil", "see how it is done"))
    _suggestions.print_commands(words, "That is all there is to hint at." if step.hints else "This step has no hints.")


def _show(hint: Hint, helping: HintSelection, report: CheckReport) -> None:
    which = f"Hint {helping.matching.index(hint) + 1} of {len(helping.matching)}"
    failed = [one for one in report.results if one.check == hint.check_name and one.outcome is Outcome.FAILED]
    about = f"  for '{failed[0].says}'" if failed else ""
    _console.get_stdout().print(Text.assemble((which, "yellow"), (about, "dim")))
    _lesson_text.print_hint(hint)
