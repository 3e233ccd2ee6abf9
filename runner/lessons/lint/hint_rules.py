"""Hints that are for one check alone."""

from __future__ import annotations

from collections.abc import Iterator

from runner.lessons.lint.context import Subject
from runner.lessons.problems import Problem


def hints(subject: Subject) -> Iterator[Problem]:
    """A hint that is for one check names a check of its step."""
    if not subject.checks.told:
        return
    for step in subject.lesson.steps:
        known = subject.checks.of_step(step.id)
        for hint in step.hints:
            if hint.check and hint.check not in known:
                listed = f"; it has {', '.join(sorted(known))}" if known else ""
                message = f"the step '{step.id}' has no check {hint.check}{listed}"
                yield Problem(subject.page.path, hint.line, message)
