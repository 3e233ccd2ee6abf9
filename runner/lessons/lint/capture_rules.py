"""Captures: what one command's output fills in for another."""

from __future__ import annotations

from collections.abc import Iterator, Set

from runner.lessons.lint.context import LintContext
from runner.lessons.markdown_page import MarkdownPage
from runner.lessons.model import PLACEHOLDER, Command
from runner.lessons.problems import Problem


def captures(subject: LintContext) -> Iterator[Problem]:
    """What is captured is used by a later command or output, and what is used was captured before."""
    yield from _never_used(subject)
    before, after = _captured_by_step(subject)
    captured: set[str] = set()
    for command in subject.page.commands:
        captured |= {command.capture_name} if command.capture_name else set()
        yield from _unfilled_output(subject.page, command, captured)
    for page in subject.solutions:
        yield from _unfilled(page, before.get(page.path.stem, after[None]))
    for page in subject.near_misses:
        known = after if page.front_matter.get("played") == "after" else before
        yield from _unfilled(page, known.get(str(page.front_matter.get("step")), after[None]))


def _never_used(subject: LintContext) -> Iterator[Problem]:
    used = {name for _, command in subject.commands for name in (*command.placeholders, *_in_output(command))}
    for page, command in subject.commands:
        if command.capture_name and command.capture_name not in used:
            yield Problem(page.path, command.line, f"nothing uses <{command.capture_name}>, which is captured here")


def _captured_by_step(subject: LintContext) -> tuple[dict[str | None, Set[str]], dict[str | None, Set[str]]]:
    """Return what the lesson has captured before each step and after it; under None, what it captures in all."""
    before: dict[str | None, Set[str]] = {}
    after: dict[str | None, Set[str]] = {}
    captured: frozenset[str] = frozenset()
    for step in subject.lesson.steps:
        before[step.id] = captured
        captured |= {command.capture_name for command in step.commands if command.capture_name}
        after[step.id] = captured
    before[None] = after[None] = captured
    return before, after


def _unfilled(page: MarkdownPage, known: Set[str]) -> Iterator[Problem]:
    captured = set(known)
    for command in page.commands:
        for name in sorted(command.placeholders - captured):
            yield Problem(page.path, command.line, f"nothing before it captures <{name}>")
        if command.capture_name:
            captured.add(command.capture_name)
        yield from _unfilled_output(page, command, captured)


def _unfilled_output(page: MarkdownPage, command: Command, known: Set[str]) -> Iterator[Problem]:
    for name in sorted(_in_output(command) - known):
        yield Problem(page.path, command.line, f"its output shows <{name}>, which nothing before it captures")


def _in_output(command: Command) -> set[str]:
    return {name for line in command.expected_output for name in PLACEHOLDER.findall(line)}
