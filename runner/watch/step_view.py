"""The step that is looked at: its checks, what they saw, hints, and the way to its solution."""

from __future__ import annotations

import io
from functools import lru_cache

from rich.text import Text

from runner.checking import result_text
from runner.checking.results import CheckResult, Outcome
from runner.lessons.model import Step
from runner.watch.model import WatchState
from runner.watch.text_layout import styled_line, wrap_with_prefix

_INDENT = 5


def render_step(watch: WatchState, step: Step, width: int, *, brief: bool) -> list[Text]:
    """Return what is told of a step.

    Args:
        watch: What is known.
        step: The step.
        width: The terminal's columns.
        brief: Whether checks that pass are only counted.

    """
    results = watch.step_results(step)
    found: list[Text] = []
    passed = [result for result in results if result.outcome is Outcome.PASSED]
    if brief and len(passed) > 1:
        found.append(styled_line("   ", result_text.OUTCOME_SYMBOLS[Outcome.PASSED], f" {len(passed)} checks pass"))
    for result in results:
        if not (brief and len(passed) > 1 and result in passed):
            found += _result(result, width)
    if not results and watch.report.results:
        found += wrap_with_prefix(
            styled_line("     "), f"Nothing to check: read 'labs show {step.id}'.", width - 1, "dim"
        )
    found += _hints(watch, step, width)
    if watch.is_solution_shown:
        found += _solution(watch, step, width)
    return found


def _result(result: CheckResult, width: int) -> list[Text]:
    style = "dim" if result.outcome is Outcome.SKIPPED else ""
    found = wrap_with_prefix(
        styled_line("   ", result_text.OUTCOME_SYMBOLS[result.outcome], " "), result.says, width - 1, style
    )
    label_style = "yellow" if result.outcome is Outcome.ERROR else "dim"
    for detail in result_text.list_details(result):
        prefix = styled_line((f"       {detail.label:<9} ", label_style))
        found += wrap_with_prefix(prefix, detail.text, width - 1, "cyan" if detail.is_command else "")
    return found


def _hints(watch: WatchState, step: Step, width: int) -> list[Text]:
    help_ = watch.step_hints(step)
    found: list[Text] = []
    for number, hint in enumerate(help_.shown, 1):
        found.append(styled_line((f"     Hint {number}", "yellow")))
        found += [
            Text.assemble("     ", one, no_wrap=True, end="") for one in _markdown(hint.text, width - _INDENT - 1)
        ]
    return found


def _solution(watch: WatchState, step: Step, width: int) -> list[Text]:
    if step.id in watch.passed_step_ids:
        told = f"labs solution {step.id}"
        return wrap_with_prefix(styled_line(("     Solution  ", "yellow")), told, width - 1, "cyan")
    told = f"Not done yet. Hints come with h; 'labs solution {step.id} --spoil' shows it all the same."
    return wrap_with_prefix(styled_line(("     Solution  ", "yellow")), told, width - 1)


@lru_cache(maxsize=64)
def _markdown(text: str, width: int) -> tuple[Text, ...]:
    """Return Markdown as lines, without the empty ones, for which there is no room here."""
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console(file=io.StringIO(), width=width, color_system=None)
    rendered = console.render_lines(Markdown(text, hyperlinks=False, code_theme="ansi_dark"), pad=False)
    found = (Text.assemble(*((part.text, part.style or "") for part in row), end="") for row in rendered)
    return tuple(one for one in found if one.plain.strip())
