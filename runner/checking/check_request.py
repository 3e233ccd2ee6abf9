"""The parameters of one check run, which `run_checks` passes to the pytest plugin."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pytest

from runner.checking.results import CheckResult
from runner.lessons.model import Lab
from runner.nodes.driver_interface import Cluster


class CheckObserver(Protocol):
    """Follows a run of checks, to show results before the run has ended."""

    def on_check_started(self, step_id: str, says: str) -> None:
        """Note that a check starts, given its step and the first line of its docstring.

        Standard output and standard error are captured for the check at this time.
        """
        ...

    def on_check_finished(self, result: CheckResult) -> None:
        """Note the result of a check; a skipped check finishes without having started."""
        ...


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """One run of a lab's checks.

    Attributes:
        lab: The lab.
        cluster: The cluster to check.
        steps: The ids of the steps whose checks run; None for all.
        settle_timeout: How many seconds all checks together may wait for the cluster to converge.
        ignore_prerequisites: Whether a check runs even if earlier steps are not done, as it does for a grade;
            otherwise it is skipped until they are.
        unfinished_steps: The titles, by step id, of steps known not to be done; checks that depend on them are skipped.
        check_timeout: How many seconds one check may take; None for no limit.
        deadline: The time on the monotonic clock after which no check may run; None for no deadline.
        checks_file: The file with the checks; None for the lab's own.
        keep_connections: Whether connections to the nodes' engines stay open, because this process soon checks again.
        observer: Is called while the checks run; None for no observer.

    """

    lab: Lab
    cluster: Cluster
    steps: frozenset[str] | None = None
    settle_timeout: float = 3.0
    ignore_prerequisites: bool = False
    unfinished_steps: Mapping[str, str] = field(default_factory=dict)
    check_timeout: float | None = None
    deadline: float | None = None
    checks_file: Path | None = None
    keep_connections: bool = False
    observer: CheckObserver | None = None

    def calculate_check_time_limit(self) -> float | None:
        """Return how many seconds the next check may take; None for no limit."""
        limits = [] if self.check_timeout is None else [self.check_timeout]
        limits += [] if self.deadline is None else [self.deadline - time.monotonic()]
        return max(0.0, min(limits)) if limits else None


REQUEST_KEY = pytest.StashKey[CheckRequest]()
