"""A budget of time for verifying labs: which labs to start first, and which ones no longer fit."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from runner.checking.duration_records import DurationRecords
from runner.checking.parallel_verify import LabOnDriver
from runner.checking.verify_report import LabVerification, Verdict


def sort_for_budget(
    jobs: Sequence[LabOnDriver], fixed_names: Collection[str], position_in_history: int
) -> list[LabOnDriver]:
    """Return the jobs in the order in which to start them if there may be too little time for all.

    The fixed labs come first. The others follow by name, and each commit starts with the next one, so that every lab
    gets its turn.

    Args:
        jobs: The jobs.
        fixed_names: The names of the fixed labs.
        position_in_history: A number that increases by one from commit to commit.

    """
    fixed = [job for job in jobs if job.lab.name in fixed_names]
    others = sorted((job for job in jobs if job not in fixed), key=lambda job: job.lab.name)
    start = position_in_history % len(others) if others else 0
    return [*fixed, *others[start:], *others[:start]]


@dataclass(frozen=True, slots=True)
class _RunningLab:
    estimated_seconds: float
    started_at: float

    def estimate_rest(self, pace: float) -> float:
        """Return how many seconds it probably takes from now on; 0 if it should be finished already."""
        return max(0.0, self.estimated_seconds * pace - (time.monotonic() - self.started_at))


@dataclass(slots=True)
class TimeBudget:
    """Decides right before the start of each lab whether it still fits.

    A lab that is running when the time is over is not stopped: it was expected to be finished by then, so it probably
    needs little more, and stopping it would waste all the time that it took.

    Attributes:
        deadline: When the time is over, on the clock of `time.monotonic`.
        records: How long each lab took before.
        fixed_names: The names of the labs that are started in any case.
        processors: How many processors the labs share: each of them keeps about one busy.

    """

    deadline: float
    records: DurationRecords
    fixed_names: Collection[str]
    processors: int
    _running: dict[str, _RunningLab] = field(default_factory=dict)
    _expected_seconds: float = 0.0
    _actual_seconds: float = 0.0

    def explain_refusal(self, job: LabOnDriver) -> str:
        """Return why a lab is not started now; empty if it is."""
        # This host can be slower than when the durations were recorded, or than the host of the default estimate.
        pace = self._actual_seconds / self._expected_seconds if self._expected_seconds else 1.0
        estimate, left = self.records.estimate_seconds(job), self.deadline - time.monotonic()
        alone = estimate * pace
        shared = (alone + sum(lab.estimate_rest(pace) for lab in self._running.values())) / self.processors
        needed = max(alone, shared)
        if job.lab.name in self.fixed_names or needed <= left:
            self._running[job.lab.name] = _RunningLab(estimate, time.monotonic())
            return ""
        if left <= 0:
            return "not started, because the time was over"
        return f"not started, because it takes about {needed:.0f} s and {left:.0f} s were left"

    def record_result(self, verification: LabVerification) -> None:
        """Take the duration of a finished lab into account for those that follow."""
        lab = self._running.pop(verification.lab, None)
        if lab and verification.verdict is Verdict.PROVEN:
            self._expected_seconds += lab.estimated_seconds
            self._actual_seconds += verification.seconds
