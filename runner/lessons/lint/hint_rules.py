"""Hints that apply to one check."""

from __future__ import annotations

from collections.abc import Iterator

from runner.lessons.lint.context import LintContext
from runner.lessons.problems import Problem


def unknown_hint_checks(context: LintContext) -> Iterator[Problem]:
    """The check that a hint names in `check=` is a check of the same step."""
    if not context.check_file.has_only_literal_step_ids:
        return
    for step in context.lesson.steps:
        names = context.check_file.list_step_check_names(step.id)
        for hint in step.hints:
            if hint.check_name and hint.check_name not in names:
                existing = f"; it has {', '.join(sorted(names))}" if names else ""
                message = f"the step '{step.id}' has no check {hint.check_name}{existing}"
                yield Problem(context.page.path, hint.line, message)
