"""Captures: the output of one command that fills a placeholder in later ones."""

from __future__ import annotations

from collections.abc import Iterator, Set

from runner.lessons.lint.context import LintContext
from runner.lessons.markdown_page import MarkdownPage
from runner.lessons.model import PLACEHOLDER, Command
from runner.lessons.problems import Problem


def unused_captures(context: LintContext) -> Iterator[Problem]:
    """Every capture is used by another command or output."""
    commands = [command for _, command in context.commands_with_pages]
    used = {name for command in commands for name in (*command.placeholders, *_find_output_placeholders(command))}
    for page, command in context.commands_with_pages:
        if command.capture_name and command.capture_name not in used:
            yield Problem(page.path, command.line, f"<{command.capture_name}> is captured here but never used")


def unknown_placeholders(context: LintContext) -> Iterator[Problem]:
    """Every placeholder in a command or an output was captured by an earlier command."""
    captured_before, captured_after = _list_captures_by_step(context)
    captured: set[str] = set()
    for command in context.page.commands:
        captured |= {command.capture_name} if command.capture_name else set()
        yield from _report_unknown_output(context.page, command, captured)
    for page in context.solutions:
        yield from _report_unknown_placeholders(page, captured_before.get(page.path.stem, captured_after[None]))
    for page in context.near_misses:
        known_by_step = captured_after if page.front_matter.get("played") == "after" else captured_before
        known = known_by_step.get(str(page.front_matter.get("step")), captured_after[None])
        yield from _report_unknown_placeholders(page, known)


def _list_captures_by_step(context: LintContext) -> tuple[dict[str | None, Set[str]], dict[str | None, Set[str]]]:
    """Return the names captured before each step and up to its end; the key None has those of the entire lesson."""
    before: dict[str | None, Set[str]] = {}
    after: dict[str | None, Set[str]] = {}
    captured: frozenset[str] = frozenset()
    for step in context.lesson.steps:
        before[step.id] = captured
        captured |= {command.capture_name for command in step.commands if command.capture_name}
        after[step.id] = captured
    before[None] = after[None] = captured
    return before, after


def _report_unknown_placeholders(page: MarkdownPage, known: Set[str]) -> Iterator[Problem]:
    captured = set(known)
    for command in page.commands:
        for name in sorted(command.placeholders - captured):
            yield Problem(page.path, command.line, f"no earlier command captures <{name}>")
        if command.capture_name:
            captured.add(command.capture_name)
        yield from _report_unknown_output(page, command, captured)


def _report_unknown_output(page: MarkdownPage, command: Command, known: Set[str]) -> Iterator[Problem]:
    for name in sorted(_find_output_placeholders(command) - known):
        yield Problem(page.path, command.line, f"the output shows <{name}>, which no earlier command captures")


def _find_output_placeholders(command: Command) -> set[str]:
    return {name for line in command.expected_output for name in PLACEHOLDER.findall(line)}
