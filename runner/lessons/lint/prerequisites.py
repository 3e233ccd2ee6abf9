"""The order of labs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from runner.lessons.lint.context import LintContext
from runner.lessons.problems import Problem


def prerequisites(subject: LintContext) -> Iterator[Problem]:
    """The labs that come before a lab exist, and none of them comes after it."""
    path, line = subject.page.path, subject.page.find_key_line("after")
    for name in subject.lesson.prerequisites:
        if name not in subject.prerequisites:
            yield Problem(path, line, f"there is no lab '{name}' to come before this one")
    around = _way(subject.name, subject.name, subject.prerequisites, frozenset())
    if around:
        yield Problem(path, line, f"labs come before themselves: {' after '.join((subject.name, *around))}")


def _way(start: str, goal: str, after: Mapping[str, tuple[str, ...]], seen: frozenset[str]) -> tuple[str, ...]:
    for name in after.get(start, ()):
        if name == goal:
            return (name,)
        if name not in seen:
            rest = _way(name, goal, after, seen | {name})
            if rest:
                return (name, *rest)
    return ()
