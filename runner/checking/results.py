"""What checks found, as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from runner.errors import ExitCode
from runner.storage import codec


class Outcome(StrEnum):
    """The four ways a check can end."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """How one check ended.

    Attributes:
        check: The check's name, which is its function's.
        step: The step it belongs to.
        says: What is true when it passes, in words for the learner.
        outcome: How it ended.
        reason: Why it was skipped or could not be checked; empty otherwise.
        node: Where the failure was seen.
        observed: What was seen there.
        expected: What should have been seen.
        see: The command that shows it on that node.
        seconds: How long it took.
        points: What it is worth in a grade.
        bonus: Whether these points come on top of what can be reached.

    """

    check: str
    step: str
    says: str
    outcome: Outcome
    reason: str = ""
    node: str = ""
    observed: str = ""
    expected: str = ""
    see: str = ""
    seconds: float = 0.0
    points: float = 1.0
    bonus: bool = False

    @property
    def message(self) -> str:
        """All that the learner is told, in one line."""
        if self.outcome is Outcome.FAILED:
            return f"{self.observed}; expected: {self.expected}"
        return self.reason


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What one run of a lab's checks found."""

    lab: str
    results: tuple[CheckResult, ...]

    def count_outcome(self, outcome: Outcome) -> int:
        """How many checks ended so."""
        return sum(result.outcome is outcome for result in self.results)

    def results_for_step(self, step_id: str) -> tuple[CheckResult, ...]:
        """The results of one step."""
        return tuple(result for result in self.results if result.step == step_id)

    @property
    def exit_code(self) -> ExitCode:
        """What `labs check` ends with: an error of the environment outweighs unfinished work."""
        if self.count_outcome(Outcome.ERROR):
            return ExitCode.HOST
        return ExitCode.DONE if self.count_outcome(Outcome.PASSED) == len(self.results) else ExitCode.INCOMPLETE

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data for `--json`."""
        counts = {outcome.value: self.count_outcome(outcome) for outcome in Outcome}
        return {"lab": self.lab, "counts": counts, "results": codec.to_builtins(self.results)}
