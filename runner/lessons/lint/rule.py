"""A lint rule, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from runner.lessons.problems import Problem


@dataclass(frozen=True, slots=True)
class LintRule:
    """A rule that the files of a lab must follow. Its page is `docs/reference/lint/CODE.md`.

    Attributes:
        code: Its stable code, such as `L014`.
        name: Its short name, such as `broken-link`.
        find_problems: Yields the problems of a lab; the first line of its docstring says what must be true.
        can_be_ignored: Whether a comment can ignore its findings.

    """

    code: str
    name: str
    find_problems: Callable[..., Iterator[Problem]]
    can_be_ignored: bool = True

    @property
    def summary(self) -> str:
        """What must be true, in one sentence."""
        return (self.find_problems.__doc__ or "").splitlines()[0]


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem that a rule has found."""

    rule: LintRule
    problem: Problem

    @property
    def path(self) -> Path:
        """The file with the problem."""
        return self.problem.path

    @property
    def line(self) -> int:
        """The line of the problem, counted from 1."""
        return self.problem.line

    @property
    def message(self) -> str:
        """The rule's code and name, then what is wrong."""
        return f"{self.rule.code} {self.rule.name}: {self.problem.message}"

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


def sort_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings by file and line without duplicates; those on the same line keep their order."""
    return tuple(sorted(dict.fromkeys(findings), key=lambda finding: (finding.path, finding.line)))
