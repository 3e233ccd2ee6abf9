"""Checks: each can run and belongs to a step."""

from __future__ import annotations

from collections.abc import Iterator

from runner.lessons.lint.context import LintContext
from runner.lessons.problems import Problem


def invalid_checks(context: LintContext) -> Iterator[Problem]:
    """The file with the checks is valid Python, and every check names a step of the lesson and has a docstring."""
    path = context.check_file.path
    if context.check_file.problem:
        yield context.check_file.problem
    seen: set[str] = set()
    for check in context.check_file.checks:
        if not check.has_step:
            yield Problem(path, check.line, f"the check {check.name} has no step; add @step('ID')")
        elif check.step is not None and context.lesson.find_step(check.step) is None:
            yield Problem(path, check.line, f"the lesson has no step '{check.step}'")
        if not check.says:
            yield Problem(path, check.line, f"the check {check.name} has no docstring; learners read its first line")
        if check.name in seen:
            yield Problem(path, check.line, f"the name {check.name} is used twice, so the earlier check never runs")
        seen.add(check.name)
