"""What is wrong with a lab: a message for a line of a file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.errors import BrokenLabError


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a file, on a line counted from 1."""

    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


class BrokenLessonError(BrokenLabError):
    """A lab whose files cannot be read as they are meant.

    Args:
        lab: The lab's name.
        problems: All that is wrong.

    """

    def __init__(self, lab: str, problems: Iterable[Problem]) -> None:
        self.lab = lab
        self.problems = sort_problems(problems)
        many = f"{len(self.problems)} problems" if len(self.problems) > 1 else "a problem"
        listed = "\n".join(str(problem) for problem in self.problems)
        super().__init__(f"The lab '{lab}' has {many}:\n{listed}", f"Mend the file, then 'labs show {lab}'.")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.lab, self.problems)


def sort_problems(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return problems by file and line, each once, and those of a line in the order they were found."""
    return tuple(sorted(dict.fromkeys(problems), key=lambda problem: (problem.path, problem.line)))
