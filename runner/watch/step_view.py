"""Render the shown step: its checks and what they observed, its hints, and how to see its solution."""

from __future__ import annotations

import io
from functools import lru_cache

from rich.text import Text

from runner.checking import result_text
from runner.checking.results import CheckResult, Outcome
from runner.lessons.model import Step
from runner.watch.model import WatchState
from runner.watch.text_layout import join_styled_spans, wrap_with_prefix

_HINT_INDENT = 5


def render_step(state: WatchState, step: Step, width: int, *, brief: bool) -> list[Text]:
    """Return the lines that show a step.

    Args:
        state: The state of the watch.
        step: The step.
        width: The terminal's width.
        brief: Whether passed checks are only counted.

    """
    results = state.list_step_results(step)
    lines: list[Text] = []
    passed = [result for result in results if result.outcome is Outcome.PASSED]
    count_passed = brief and len(passed) > 1
    if count_passed:
        symbol = result_text.OUTCOME_SYMBOLS[Outcome.PASSED]
        lines.append(join_styled_spans("   ", symbol, f" {len(passed)} checks pass"))
    for result in results:
        if not (count_passed and result in passed):
            lines += _render_result(result, width)
    if not results and state.report.results:
        message = f"This step has no checks. Read it with 'labs show {step.id}'."
        lines += wrap_with_prefix(join_styled_spans("     "), message, width - 1, "dim")
    lines += _render_hints(state, step, width)
    if state.is_solution_shown:
        lines += _render_solution(state, step, width)
    return lines


def _render_result(result: CheckResult, width: int) -> list[Text]:
    style = "dim" if result.outcome is Outcome.SKIPPED else ""
    prefix = join_styled_spans("   ", result_text.OUTCOME_SYMBOLS[result.outcome], " ")
    lines = wrap_with_prefix(prefix, result.says, width - 1, style)
    label_style = "yellow" if result.outcome is Outcome.ERROR else "dim"
    for detail in result_text.list_detail_lines(result):
        prefix = join_styled_spans((f"       {detail.label:<9} ", label_style))
        lines += wrap_with_prefix(prefix, detail.text, width - 1, "cyan" if detail.is_command else "")
    return lines


def _render_hints(state: WatchState, step: Step, width: int) -> list[Text]:
    lines: list[Text] = []
    for number, hint in enumerate(state.select_step_hints(step).shown, 1):
        lines.append(join_styled_spans((f"     Hint {number}", "yellow")))
        text = _render_markdown(hint.text, width - _HINT_INDENT - 1)
        lines += [Text.assemble(" " * _HINT_INDENT, line, no_wrap=True, end="") for line in text]
    return lines


def _render_solution(state: WatchState, step: Step, width: int) -> list[Text]:
    prefix = join_styled_spans(("     Solution  ", "yellow"))
    if step.id in state.passed_step_ids:
        return wrap_with_prefix(prefix, f"labs solution {step.id}", width - 1, "cyan")
    message = f"Not done yet. Press h for hints, or show it with 'labs solution {step.id} --spoil'."
    return wrap_with_prefix(prefix, message, width - 1)


@lru_cache(maxsize=64)
def _render_markdown(text: str, width: int) -> tuple[Text, ...]:
    """Return Markdown as lines, without empty lines, to save space."""
    from rich.console import Console

    from runner.lessons.terminal_markdown import LessonMarkdown

    console = Console(file=io.StringIO(), width=width, color_system=None)
    rendered = console.render_lines(LessonMarkdown(text, code_theme="ansi_dark"), pad=False)
    lines = (
        Text.assemble(*((segment.text, segment.style or "") for segment in segments), end="") for segments in rendered
    )
    return tuple(line for line in lines if line.plain.strip())
