"""Headings in lessons."""

from __future__ import annotations

from collections.abc import Iterator

from runner.lessons.lint.context import LintContext
from runner.lessons.problems import Problem


def invalid_headings(context: LintContext) -> Iterator[Problem]:
    """Every heading of a lesson has a valid anchor that no other has, and is below the title of its step."""
    for lesson in context.resolved_lessons:
        ids = [step.id for step in lesson.steps]
        # The parser reports duplicate ids of steps, whose headings have the same anchors, too.
        if len(ids) == len({*ids}):
            yield from lesson.heading_problems
