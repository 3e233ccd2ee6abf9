"""The results of checks, as data."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from runner.errors import ExitCode


class Outcome(StrEnum):
    """The four outcomes of a check."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of one check.

    Attributes:
        check: The name of the check, which is the name of its function.
        step: The id of the step it belongs to.
        says: The first line of its docstring: what is true when it passes.
        outcome: The outcome.
        reason: Why it was skipped or could not run; empty otherwise.
        node: The node where a failure was observed.
        observed: What was observed there.
        expected: What was expected.
        see: The command that shows it on that node.
        seconds: How long the check took.
        points: What it is worth in a grade.
        bonus: Whether these points do not count towards the maximum.

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
        """What was observed and expected, or why the check did not run, in one line."""
        if self.outcome is Outcome.FAILED:
            return f"{self.observed}; expected: {self.expected}"
        return self.reason


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The results of one run of a lab's checks."""

    lab: str
    results: tuple[CheckResult, ...]

    def count_outcome(self, outcome: Outcome) -> int:
        """Return how many checks have an outcome."""
        return sum(result.outcome is outcome for result in self.results)

    def list_step_results(self, step_id: str) -> tuple[CheckResult, ...]:
        """Return the results of one step."""
        return tuple(result for result in self.results if result.step == step_id)

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of `labs check`: a check that could not run outweighs unfinished work."""
        if self.count_outcome(Outcome.ERROR):
            return ExitCode.HOST
        is_done = self.count_outcome(Outcome.PASSED) == len(self.results)
        return ExitCode.DONE if is_done else ExitCode.INCOMPLETE

    def to_json_dict(self) -> dict[str, Any]:
        """Return the report as plain data for `--json`."""
        counts = {outcome.value: self.count_outcome(outcome) for outcome in Outcome}
        return {"lab": self.lab, "counts": counts, "results": [asdict(result) for result in self.results]}
