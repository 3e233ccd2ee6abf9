"""Checks: each can run and belongs to a step."""

from __future__ import annotations

from collections.abc import Iterator

from runner.lessons.lint.context import LintContext
from runner.lessons.problems import Problem


def checks_without_step(context: LintContext) -> Iterator[Problem]:
    """Every check names a step of the lesson."""
    path = context.check_file.path
    for check in context.check_file.checks:
        if not check.has_step:
            yield Problem(path, check.line, f"the check {check.name} has no step; add @step('ID')")
        elif check.step is not None and context.lesson.find_step(check.step) is None:
            yield Problem(path, check.line, f"the lesson has no step '{check.step}'")


def checks_without_docstring(context: LintContext) -> Iterator[Problem]:
    """Every check has a docstring, whose first line learners read."""
    for check in context.check_file.checks:
        if not check.says:
            message = f"the check {check.name} has no docstring; learners read its first line"
            yield Problem(context.check_file.path, check.line, message)


def duplicate_checks(context: LintContext) -> Iterator[Problem]:
    """No two checks of a lab have the same name."""
    seen: set[str] = set()
    for check in context.check_file.checks:
        if check.name in seen:
            message = f"the name {check.name} is used twice, so the earlier check never runs"
            yield Problem(context.check_file.path, check.line, message)
        seen.add(check.name)
