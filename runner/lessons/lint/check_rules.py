"""Checks: that each can be run, and belongs somewhere."""

from __future__ import annotations

from collections.abc import Iterator

from runner.lessons.lint.context import Subject
from runner.lessons.problems import Problem


def checked(subject: Subject) -> Iterator[Problem]:
    """The file of checks can be read, and every check names a step of the lesson and says what is true."""
    path = subject.checks.path
    if subject.checks.trouble:
        yield subject.checks.trouble
    seen: set[str] = set()
    for check in subject.checks.found:
        if not check.marked:
            yield Problem(path, check.line, f"the check {check.name} names no step: @step('ID')")
        elif check.step is not None and subject.lesson.step(check.step) is None:
            yield Problem(path, check.line, f"the lesson has no step '{check.step}'")
        if not check.says:
            yield Problem(path, check.line, f"the check {check.name} has no docstring, the line that the learner reads")
        if check.name in seen:
            yield Problem(path, check.line, f"the name {check.name} is taken already, so the earlier check never runs")
        seen.add(check.name)
