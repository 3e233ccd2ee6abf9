"""Steps, their solutions and their near misses."""

from __future__ import annotations

from collections.abc import Iterator

from runner.lessons.lint.context import LintContext
from runner.lessons.problems import Problem


def steps_without_check(context: LintContext) -> Iterator[Problem]:
    """Every step has a check."""
    for step in context.lesson.steps:
        if context.check_file.has_only_literal_step_ids and not context.check_file.list_step_check_names(step.id):
            message = (
                f"the step '{step.id}' has no check; add @step('{step.id}') to one in {context.check_file.path.name}"
            )
            yield Problem(context.page.path, step.line, message)


def steps_without_hint(context: LintContext) -> Iterator[Problem]:
    """Every step has a hint, and at least one of its hints has no conditions."""
    for step in context.lesson.steps:
        if not step.hints:
            yield Problem(context.page.path, step.line, f"the step '{step.id}' has no hint")
        elif all(hint.check_name or hint.says for hint in step.hints):
            message = f"all hints of the step '{step.id}' have conditions; add one without check= and says="
            yield Problem(context.page.path, step.line, message)


def steps_without_command(context: LintContext) -> Iterator[Problem]:
    """Every step has commands, in the lesson or in a file in `solution/`."""
    solution_step_ids = {page.path.stem for page in context.solutions}
    for step in context.lesson.steps:
        if not step.commands and step.id not in solution_step_ids:
            message = f"the step '{step.id}' has no command; add one, or solution/{step.id}.md"
            yield Problem(context.page.path, step.line, message)


def unused_solutions(context: LintContext) -> Iterator[Problem]:
    """Every file in `solution/` is for a step without commands in the lesson."""
    for page in context.solutions:
        step = context.lesson.find_step(page.path.stem)
        if step is None:
            yield Problem(page.path, 1, f"the lesson has no step '{page.path.stem}'")
        elif step.commands:
            yield Problem(page.path, 1, f"the file is never used, because the step '{step.id}' has commands itself")
        elif not page.commands:
            yield Problem(page.path, 1, "the file contains no command")


def near_misses_without_check(context: LintContext) -> Iterator[Problem]:
    """Every near miss is for a step that has checks."""
    for page in context.near_misses:
        step = context.lesson.find_step(str(page.front_matter.get("step")))
        if (
            step
            and context.check_file.has_only_literal_step_ids
            and not context.check_file.list_step_check_names(step.id)
        ):
            line = page.find_front_matter_line_number("step")
            yield Problem(page.path, line, f"the step '{step.id}' has no check that could reject this near miss")
