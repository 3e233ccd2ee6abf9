"""Print the results of checks, and what to do next."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

from runner import sanitize
from runner.checking import result_text
from runner.checking.results import CheckReport, CheckResult, Outcome
from runner.cli import _console, _progress
from runner.errors import ExitCode
from runner.lessons.model import Lab, Lesson
from runner.progress import praise
from runner.progress.store import ProgressUpdate


class CheckResultPrinter:
    """Prints results one after another, in lesson order, below the titles of their steps.

    Args:
        lesson: The lesson of the lab that is checked.
        console: Where to print.

    """

    def __init__(self, lesson: Lesson, console: Console) -> None:
        self._lesson = lesson
        self._console = console
        self._step_id = ""
        self._has_title = False
        self._skipped: list[CheckResult] = []

    def print_result(self, result: CheckResult) -> None:
        """Print a result; a skipped one waits until it is certain whether its complete step is skipped."""
        if result.step != self._step_id:
            self.finish_step()
            self._step_id, self._has_title = result.step, False
        if result.outcome is Outcome.SKIPPED and not self._has_title:
            self._skipped.append(result)
            return
        if not self._has_title:
            self._console.print(Text(self._find_title(), style="bold"))
            self._has_title = True
        for waiting in (*self._skipped, result):
            print_check_result(waiting, self._console)
        self._skipped.clear()

    def finish_step(self) -> None:
        """Print the title and the reason of a step whose checks were all skipped."""
        if reason := result_text.find_step_skip_reason(self._skipped):
            self._console.print(Text(f"{self._find_title()}  ({reason})", style="dim"))
        self._skipped.clear()

    def _find_title(self) -> str:
        step = self._lesson.find_step(self._step_id)
        return step.title if step else self._step_id


class LiveCheckDisplay:
    """Prints results on a terminal as they come, and shows the check that is running in a line below them.

    Args:
        lesson: The lesson of the lab that is checked.

    """

    def __init__(self, lesson: Lesson) -> None:
        from rich.spinner import Spinner

        # Bound to the terminal: while a check runs, its standard output is captured.
        self._console = Console(highlight=False, file=sys.stdout)
        self._printer = CheckResultPrinter(lesson, self._console)
        self._spinner = Spinner("dots", style="cyan")
        self._running = ""

    @contextmanager
    def show(self) -> Iterator[None]:
        """Show the line with the running check during the block."""
        # Imported here, because the import takes time, and only a terminal needs it.
        from rich.live import Live

        live = Live(
            self,
            console=self._console,
            refresh_per_second=12,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        with live:
            yield
            self._printer.finish_step()

    def on_check_started(self, step_id: str, says: str) -> None:
        """Show a check as running."""
        self._running = says

    def on_check_finished(self, result: CheckResult) -> None:
        """Print a result."""
        self._running = ""
        self._printer.print_result(result)

    def __rich__(self) -> Text:
        """Render the line with the running check."""
        if not self._running:
            return Text("")
        frame = self._spinner.render(self._console.get_time())
        symbol = frame if isinstance(frame, Text) else Text("·")
        return Text.assemble("  ", symbol, " ", self._running, no_wrap=True, overflow="ellipsis")


def print_results(report: CheckReport, lesson: Lesson) -> None:
    """Print all results by step."""
    printer = CheckResultPrinter(lesson, _console.get_stdout())
    for result in report.results:
        printer.print_result(result)
    printer.finish_step()


def print_summary(report: CheckReport, lab: Lab, update: ProgressUpdate) -> None:
    """Print a summary of the results and what to do next.

    Args:
        report: The results, which are printed already.
        lab: The lab that was checked.
        update: What the results changed in the learner's progress.

    """
    console = _console.get_stdout()
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


def print_check_result(result: CheckResult, console: Console | None = None) -> None:
    """Print one result; unless it passed, also what was observed and the command that shows it."""
    console = console or _console.get_stdout()
    symbol, style = result_text.OUTCOME_SYMBOLS[result.outcome]
    console.print(Text.assemble(("  " + symbol, style), " ", result.says))
    label_style = "yellow" if result.outcome is Outcome.ERROR else "dim"
    for line in result_text.list_detail_lines(result):
        text = sanitize.strip_control_chars(line.text)
        text_style = "cyan" if line.is_command else ""
        console.print(Text.assemble((f"      {line.label:<9} ", label_style), (text, text_style)))
