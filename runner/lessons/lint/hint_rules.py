"""Hints that are for one check alone."""

from __future__ import annotations

from collections.abc import Iterator

from runner.lessons.lint.context import LintContext
from runner.lessons.problems import Problem


def hints(subject: LintContext) -> Iterator[Problem]:
    """A hint that is for one check names a check of its step."""
    if not subject.check_file.has_known_steps:
        return
    for step in subject.lesson.steps:
        known = subject.check_file.names_for_step(step.id)
        for hint in step.hints:
            if hint.check_name and hint.check_name not in known:
                listed = f"; it has {', '.join(sorted(known))}" if known else ""
                message = f"the step '{step.id}' has no check {hint.check_name}{listed}"
                yield Problem(subject.page.path, hint.line, message)
