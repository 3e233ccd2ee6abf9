"""Prerequisites of labs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from runner.lessons.lint.context import LintContext
from runner.lessons.problems import Problem


def invalid_prerequisites(context: LintContext) -> Iterator[Problem]:
    """The prerequisites of a lab in `after` exist, and do not form a cycle."""
    path, line = context.page.path, context.page.find_front_matter_line_number("after")
    for name in context.lesson.prerequisites:
        if name not in context.tree.prerequisites:
            yield Problem(path, line, f"the prerequisite '{name}' does not exist")
    cycle = _find_path(context.name, context.name, context.tree.prerequisites, frozenset())
    if cycle:
        yield Problem(path, line, f"the prerequisites form a cycle: {' after '.join((context.name, *cycle))}")


def _find_path(
    start: str, goal: str, prerequisites: Mapping[str, tuple[str, ...]], seen: frozenset[str]
) -> tuple[str, ...]:
    for name in prerequisites.get(start, ()):
        if name == goal:
            return (name,)
        if name not in seen:
            rest = _find_path(name, goal, prerequisites, seen | {name})
            if rest:
                return (name, *rest)
    return ()
