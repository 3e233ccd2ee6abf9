"""Print the results of checks, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from runner import sanitize
from runner.checking import result_text
from runner.checking.results import CheckReport, CheckResult, Outcome
from runner.cli import _console, _progress
from runner.errors import ExitCode
from runner.lessons.model import Lab, Lesson, Step
from runner.progress import praise
from runner.progress.store import ProgressUpdate


def print_check_report(report: CheckReport, lab: Lab, update: ProgressUpdate) -> None:
    """Print the results by step, then a summary and what to do next.

    Args:
        report: The results.
        lab: The lab that was checked.
        update: What the results changed in the learner's progress.

    """
    console = _console.get_stdout()
    for step in lab.lesson.steps:
        results = report.list_step_results(step.id)
        if results:
            _print_step(step, results)
    if not report.results:
        console.print("This step has no checks.")
        return
    console.print()
    style = "bold green" if report.exit_code is ExitCode.DONE else "bold"
    console.print(Text(result_text.summarize_outcomes(report), style=style))
    _print_newly_passed(lab.lesson, update)
    _suggest_next(report, lab, update)


def _print_newly_passed(lesson: Lesson, update: ProgressUpdate) -> None:
    new = [step for step in lesson.steps if step.id in update.newly_completed]
    if not new:
        return
    if update.progress.find_first_step_incomplete_on_cluster(lesson) is None:
        message = praise.format_lab_praise(lesson)
    else:
        message = praise.format_step_praise(lesson, new[-1], len(new) - 1)
    _console.get_stdout().print(Text(message, style="green"))


def _suggest_next(report: CheckReport, lab: Lab, update: ProgressUpdate) -> None:
    unfinished = [result for result in report.results if result.outcome is not Outcome.PASSED]
    if unfinished and unfinished[0].outcome is Outcome.ERROR:
        _console.print_suggested_commands([("labs status", "see which nodes are running")], "Next:")
        return
    # Right after a pass, the next step may have no checks, so that no result shows it as unfinished.
    candidates = set()
    if update.newly_completed or not unfinished:
        candidates.add(update.progress.find_first_step_incomplete_on_cluster(lab.lesson))
    if unfinished:
        candidates.add(lab.lesson.find_step(unfinished[0].step))
    step = next((step for step in lab.lesson.steps if step in candidates), None)
    if step:
        _progress.print_next_step_suggestion(lab, step)
    else:
        _progress.print_next_lab_suggestion(lab)


def _print_step(step: Step, results: Sequence[CheckResult]) -> None:
    console = _console.get_stdout()
    if reason := result_text.find_step_skip_reason(results):
        console.print(Text(f"{step.title}  ({reason})", style="dim"))
        return
    console.print(Text(step.title, style="bold"))
    for result in results:
        print_check_result(result)


def print_check_result(result: CheckResult) -> None:
    """Print one result; unless it passed, also what was observed and the command that shows it."""
    console = _console.get_stdout()
    symbol, style = result_text.OUTCOME_SYMBOLS[result.outcome]
    console.print(Text.assemble(("  " + symbol, style), " ", result.says))
    label_style = "yellow" if result.outcome is Outcome.ERROR else "dim"
    for line in result_text.list_detail_lines(result):
        text = sanitize.strip_control_chars(line.text)
        text_style = "cyan" if line.is_command else ""
        console.print(Text.assemble((f"      {line.label:<9} ", label_style), (text, text_style)))
