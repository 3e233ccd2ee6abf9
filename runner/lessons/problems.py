"""Problems in the files of a lab: a message for a line of a file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.errors import BrokenLabError


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem on a line of a file, counted from 1."""

    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


class BrokenLessonError(BrokenLabError):
    """A lab whose files have problems.

    Args:
        lab: The lab's name.
        problems: All problems.

    """

    def __init__(self, lab: str, problems: Iterable[Problem]) -> None:
        self.lab = lab
        self.problems = sort_problems(problems)
        count = f"{len(self.problems)} problems" if len(self.problems) > 1 else "a problem"
        lines = "\n".join(str(problem) for problem in self.problems)
        super().__init__(f"The lab '{lab}' has {count}:\n{lines}", f"Fix the file, then run 'labs lint {lab}'.")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.lab, self.problems)


def sort_problems(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return problems by file and line without duplicates; those on the same line keep their order."""
    return tuple(sorted(dict.fromkeys(problems), key=lambda problem: (problem.path, problem.line)))
