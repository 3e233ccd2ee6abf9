"""Checks: that each can be run, and belongs somewhere."""

from __future__ import annotations

from collections.abc import Iterator

from runner.lessons.lint.context import LintContext
from runner.lessons.problems import Problem


def checks(subject: LintContext) -> Iterator[Problem]:
    """The file of checks can be read, and every check names a step of the lesson and says what is true."""
    path = subject.check_file.path
    if subject.check_file.problem:
        yield subject.check_file.problem
    seen: set[str] = set()
    for check in subject.check_file.checks:
        if not check.has_step:
            yield Problem(path, check.line, f"the check {check.name} names no step: @step('ID')")
        elif check.step is not None and subject.lesson.find_step(check.step) is None:
            yield Problem(path, check.line, f"the lesson has no step '{check.step}'")
        if not check.says:
            yield Problem(path, check.line, f"the check {check.name} has no docstring, the line that the learner reads")
        if check.name in seen:
            yield Problem(path, check.line, f"the name {check.name} is taken already, so the earlier check never runs")
        seen.add(check.name)
