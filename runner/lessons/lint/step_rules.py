"""Steps: what each must have beside its text."""

from __future__ import annotations

from collections.abc import Iterator

from runner.lessons.lint.context import Subject
from runner.lessons.problems import Problem


def steps(subject: Subject) -> Iterator[Problem]:
    """Every step has a check, a hint, and commands, or else the answer to it in `solution/`."""
    path = subject.page.path
    solved = {page.path.stem for page in subject.solutions}
    for step in subject.lesson.steps:
        if subject.checks.told and not subject.checks.of_step(step.id):
            yield Problem(path, step.line, f"no check in {subject.checks.path.name} is marked @step('{step.id}')")
        if not step.hints:
            yield Problem(path, step.line, f"the step '{step.id}' has no hint")
        elif all(hint.check or hint.says for hint in step.hints):
            yield Problem(path, step.line, f"the step '{step.id}' has hints for some failures only, and none for all")
        if not step.commands and step.id not in solved:
            yield Problem(
                path, step.line, f"the step '{step.id}' tells no command, and there is no solution/{step.id}.md"
            )


def solutions(subject: Subject) -> Iterator[Problem]:
    """Every file in `solution/` answers a step whose commands the lesson does not tell."""
    for page in subject.solutions:
        step = subject.lesson.step(page.path.stem)
        if step is None:
            yield Problem(page.path, 1, f"the lesson has no step '{page.path.stem}'")
        elif step.commands:
            yield Problem(page.path, 1, f"it is never played: the step '{step.id}' tells its commands itself")
        elif not page.commands:
            yield Problem(page.path, 1, "there is no command in it")


def misses(subject: Subject) -> Iterator[Problem]:
    """Every near miss goes wrong in a step that has checks."""
    for page in subject.misses:
        step = subject.lesson.step(str(page.data.get("step")))
        if step and subject.checks.told and not subject.checks.of_step(step.id):
            yield Problem(page.path, page.line_of("step"), f"the step '{step.id}' has no check that it could fail")
