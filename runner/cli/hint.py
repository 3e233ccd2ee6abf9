"""`labs hint`."""

from __future__ import annotations

from collections.abc import Sequence

import click
from rich.text import Text

from runner.checking.results import CheckReport, CheckResult, Outcome
from runner.cli import _console, _lesson_text, _options, _progress
from runner.lessons.model import Hint, Lab, Step
from runner.nodes.driver_interface import ClusterId
from runner.progress import current_step, hint_selection
from runner.progress.current_step import CheckedStep
from runner.progress.hint_selection import HintSelection
from runner.progress.model import Progress


@click.command("hint")
@_options.lab_and_step_arguments
@click.option("--again", is_flag=True, help="Repeat the hints you have already seen.")
def command(lab: str | None, step: str | None, again: bool) -> int:
    """Get a step's next hint, the weakest first.

    Without STEP, the hint is for the first step that is not done. Some hints only show while a certain check fails, so
    the checks of the step run if the lab is started.

    \b
    Examples:
      labs hint                                in the lab that is started
      labs hint join-workers
      labs hint swarm-basics join-workers
      labs hint --again
    """
    session = _progress.create_session()
    selected_lab, named_step = session.resolve_lab_and_step(lab, step, "labs hint")
    progress = session.load_progress(selected_lab.name)
    cluster = session.cluster_survey.find_cluster(ClusterId(selected_lab.name))
    if named_step:
        checked: CheckedStep | None = current_step.run_step_checks(selected_lab, cluster, named_step)
        newly_passed: Sequence[str] = [named_step.id] if checked and checked.is_passed else []
    else:
        current = current_step.find_current_step(
            selected_lab, cluster, progress, lambda candidate: bool(_select_hints(candidate, (), progress).next_hint)
        )
        checked, newly_passed = current.checked, current.newly_passed
    if newly_passed:
        _progress.record_steps_passed(selected_lab.name, newly_passed)
    if checked is None:
        name = selected_lab.name
        line = f"Every step of '{name}' is done. For a hint on one of them: labs hint {name} STEP"
        _console.get_stdout().print(line)
        return 0
    hints = _select_hints(checked.step, checked.report.results, progress)
    _console.get_stdout().print(Text.assemble((checked.step.title, "bold"), (f"  {checked.step.id}", "dim")))
    if again or hints.next_hint is None:
        _print_shown_hints(selected_lab, checked, hints)
    else:
        _print_next_hint(selected_lab, checked, hints, hints.next_hint)
    return 0


def _select_hints(step: Step, results: Sequence[CheckResult], progress: Progress) -> HintSelection:
    return hint_selection.select_hints(step, results, progress.find_step_record(step.id).shown_hints)


def _print_next_hint(lab: Lab, checked: CheckedStep, hints: HintSelection, hint: Hint) -> None:
    _print_hint(hint, hints, checked.report)
    _progress.record_hint_shown(lab.name, checked.step.id, hint_selection.compute_hint_id(hint))
    if len(hints.remaining) > 1:
        _suggest_next_hint(lab, checked.step, "Still stuck?")
    else:
        _suggest_solution(lab, checked.step)


def _print_shown_hints(lab: Lab, checked: CheckedStep, hints: HintSelection) -> None:
    for hint in hints.shown:
        _print_hint(hint, hints, checked.report)
    if hints.remaining:
        _suggest_next_hint(lab, checked.step, "Still stuck?" if hints.shown else "You have not seen any hints yet.")
    elif checked.is_passed:
        _console.get_stdout().print("The checks of this step already pass.")
    else:
        _suggest_solution(lab, checked.step)


def _suggest_next_hint(lab: Lab, step: Step, heading: str) -> None:
    _console.print_suggested_commands([(f"labs hint {lab.name} {step.id}", "get the next hint")], heading)


def _suggest_solution(lab: Lab, step: Step) -> None:
    commands = [
        (f"labs show {lab.name} {step.id}", "read the step again"),
        (f"labs solution {lab.name} {step.id} --spoil", "show the solution"),
    ]
    _console.print_suggested_commands(commands, "That was the last hint." if step.hints else "This step has no hints.")


def _print_hint(hint: Hint, hints: HintSelection, report: CheckReport) -> None:
    number = f"Hint {hints.matching.index(hint) + 1} of {len(hints.matching)}"
    failed = [
        result for result in report.results if result.check == hint.check_name and result.outcome is Outcome.FAILED
    ]
    subject = f"  for '{failed[0].says}'" if failed else ""
    _console.get_stdout().print(Text.assemble((number, "yellow"), (subject, "dim")))
    _lesson_text.print_hint(hint)
