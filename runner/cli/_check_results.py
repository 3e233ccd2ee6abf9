"""Shows what checks found."""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Text

from runner import sanitize
from runner.checking.results import CheckReport, CheckResult, Outcome
from runner.cli import _console, _suggestions
from runner.errors import ExitCode
from runner.lessons.model import Lab, Lesson, Step
from runner.progress import messages
from runner.progress.store import ProgressUpdate

OUTCOME_SYMBOLS = {
    Outcome.PASSED: ("✓", "green"),
    Outcome.FAILED: ("✗", "red"),
    Outcome.ERROR: ("!", "yellow"),
    Outcome.SKIPPED: ("·", "dim"),
}


def print_report(report: CheckReport, lab: Lab, noted: ProgressUpdate) -> None:
    """Print the results step by step, and in the end what it comes to and what to do next.

    Args:
        report: What the checks found.
        lab: Their lab.
        noted: What that has changed in the learner's progress.

    """
    out = _console.get_stdout()
    for step in lab.lesson.steps:
        results = report.results_for_step(step.id)
        if results:
            _show_step(step, results)
    if not report.results:
        out.print("There is nothing to check in this step.")
        return
    out.print()
    out.print(Text(_sum(report), style="bold green" if report.exit_code is ExitCode.DONE else "bold"))
    _show_passed(lab.lesson, noted)
    _show_next(report, lab, noted)


def _sum(report: CheckReport) -> str:
    passed, failed, errors = (report.count_outcome(one) for one in (Outcome.PASSED, Outcome.FAILED, Outcome.ERROR))
    total = len(report.results)
    if passed == total:
        return f"All {total} checks pass." if total > 1 else "The check passes."
    said = [f"{passed} of {total} checks pass"]
    said += [f"{failed} not yet"] if failed else []
    said += [f"{errors} could not be checked"] if errors else []
    return f"{', '.join(said)}."


def _show_passed(lesson: Lesson, noted: ProgressUpdate) -> None:
    new = [step for step in lesson.steps if step.id in noted.newly_completed]
    if new and noted.progress.find_current_step(lesson) is None:
        _console.get_stdout().print(Text(messages.format_lab_completed(lesson), style="green"))
    elif new:
        _console.get_stdout().print(Text(messages.format_step_passed(lesson, new[-1], len(new) - 1), style="green"))


def _show_next(report: CheckReport, lab: Lab, noted: ProgressUpdate) -> None:
    unfinished = [result for result in report.results if result.outcome is not Outcome.PASSED]
    if unfinished and unfinished[0].outcome is Outcome.ERROR:
        _suggestions.print_commands([("labs status", "see which nodes are up")], "Next:")
        return
    # What comes right after a pass may be a step of mere reading, which no check finds unfinished.
    ahead = {noted.progress.find_current_step(lab.lesson)} if noted.newly_completed or not unfinished else set()
    ahead |= {lab.lesson.find_step(unfinished[0].step)} if unfinished else set()
    step = next((step for step in lab.lesson.steps if step in ahead), None)
    if step:
        _suggestions.suggest_step(lab, step)
    else:
        _suggestions.suggest_next_lab(lab)


def _show_step(step: Step, results: Iterable[CheckResult]) -> None:
    out = _console.get_stdout()
    found = list(results)
    if all(result.outcome is Outcome.SKIPPED for result in found):
        out.print(Text(f"{step.title}  ({found[0].reason})", style="dim"))
        return
    out.print(Text(step.title, style="bold"))
    for result in found:
        print_result(result)


def print_result(result: CheckResult) -> None:
    """Print one result, and for what did not pass what was seen and what shows it."""
    out = _console.get_stdout()
    mark, style = OUTCOME_SYMBOLS[result.outcome]
    out.print(Text.assemble(("  " + mark, style), " ", result.says))
    if result.outcome is Outcome.FAILED:
        where = f"on {result.node}" if result.node else "seen"
        for label, value in ((where, result.observed), ("expected", result.expected), ("see it", result.see)):
            if value:
                shown = sanitize.strip_control_chars(value)
                out.print(Text.assemble((f"      {label:<9} ", "dim"), (shown, "cyan" if label == "see it" else "")))
    elif result.outcome is Outcome.ERROR:
        out.print(Text.assemble(("      could not check: ", "yellow"), sanitize.strip_control_chars(result.reason)))
