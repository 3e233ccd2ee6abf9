"""Shows what checks found."""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Text

from runner.checking.outcomes import Outcome, Report, Result
from runner.cli import _console, _harmless
from runner.lessons.model import Lesson, Step

_MARKS = {
    Outcome.PASSED: ("✓", "green"),
    Outcome.FAILED: ("✗", "red"),
    Outcome.ERROR: ("!", "yellow"),
    Outcome.SKIPPED: ("·", "dim"),
}


def show(report: Report, lesson: Lesson) -> None:
    """Print the results step by step, and in the end what it comes to."""
    out = _console.out()
    for step in lesson.steps:
        results = report.of_step(step.id)
        if results:
            _show_step(step, results)
    if not report.results:
        out.print("There is nothing to check in this step.")
        return
    passed, failed, errors = (report.count(one) for one in (Outcome.PASSED, Outcome.FAILED, Outcome.ERROR))
    total = len(report.results)
    if passed == total:
        out.print(f"\n[bold green]All {total} checks pass.[/]")
        return
    said = [f"{passed} of {total} checks pass"]
    said += [f"{failed} not yet"] if failed else []
    said += [f"{errors} could not be checked"] if errors else []
    out.print(f"\n[bold]{', '.join(said)}.[/]")
    unfinished = [result for result in report.results if result.outcome in (Outcome.FAILED, Outcome.ERROR)]
    if not unfinished:
        return
    first = unfinished[0]
    advice = f"labs show {report.lab} {first.step}" if first.outcome is Outcome.FAILED else "labs status"
    out.print(f"Next: [bold]{advice}[/]")


def _show_step(step: Step, results: Iterable[Result]) -> None:
    out = _console.out()
    found = list(results)
    if all(result.outcome is Outcome.SKIPPED for result in found):
        out.print(Text(f"{step.title}  ({found[0].reason})", style="dim"))
        return
    out.print(Text(step.title, style="bold"))
    for result in found:
        show_result(result)


def show_result(result: Result) -> None:
    """Print one result, and for what did not pass what was seen and what shows it."""
    out = _console.out()
    mark, style = _MARKS[result.outcome]
    out.print(Text.assemble(("  " + mark, style), " ", result.says))
    if result.outcome is Outcome.FAILED:
        where = f"on {result.node}" if result.node else "seen"
        for label, value in ((where, result.observed), ("expected", result.expected), ("see it", result.see)):
            if value:
                shown = _harmless.plain(value)
                out.print(Text.assemble((f"      {label:<9} ", "dim"), (shown, "cyan" if label == "see it" else "")))
    elif result.outcome is Outcome.ERROR:
        out.print(Text.assemble(("      could not check: ", "yellow"), _harmless.plain(result.reason)))
