"""Steps: what each must have beside its text."""

from __future__ import annotations

from collections.abc import Iterator

from runner.lessons.lint.context import LintContext
from runner.lessons.problems import Problem


def steps(subject: LintContext) -> Iterator[Problem]:
    """Every step has a check, a hint, and commands, or else the answer to it in `solution/`."""
    path = subject.page.path
    solved = {page.path.stem for page in subject.solutions}
    for step in subject.lesson.steps:
        if subject.check_file.has_known_steps and not subject.check_file.names_for_step(step.id):
            yield Problem(path, step.line, f"no check in {subject.check_file.path.name} is marked @step('{step.id}')")
        if not step.hints:
            yield Problem(path, step.line, f"the step '{step.id}' has no hint")
        elif all(hint.check_name or hint.says for hint in step.hints):
            yield Problem(path, step.line, f"the step '{step.id}' has hints for some failures only, and none for all")
        if not step.commands and step.id not in solved:
            yield Problem(
                path, step.line, f"the step '{step.id}' tells no command, and there is no solution/{step.id}.md"
            )


def solutions(subject: LintContext) -> Iterator[Problem]:
    """Every file in `solution/` answers a step whose commands the lesson does not tell."""
    for page in subject.solutions:
        step = subject.lesson.find_step(page.path.stem)
        if step is None:
            yield Problem(page.path, 1, f"the lesson has no step '{page.path.stem}'")
        elif step.commands:
            yield Problem(page.path, 1, f"it is never played: the step '{step.id}' tells its commands itself")
        elif not page.commands:
            yield Problem(page.path, 1, "there is no command in it")


def near_misses(subject: LintContext) -> Iterator[Problem]:
    """Every near miss goes wrong in a step that has checks."""
    for page in subject.near_misses:
        step = subject.lesson.find_step(str(page.front_matter.get("step")))
        if step and subject.check_file.has_known_steps and not subject.check_file.names_for_step(step.id):
            yield Problem(
                page.path, page.find_key_line("step"), f"the step '{step.id}' has no check that it could fail"
            )
