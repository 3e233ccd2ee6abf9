"""What a run of checks is asked to do; it travels from `runner` to the pytest plugin."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from runner.lessons.model import Lab
from runner.nodes.driver_interface import Cluster


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """One run of a lab's checks.

    Attributes:
        lab: The lab.
        cluster: The cluster to look at.
        steps: The ids of the steps whose checks run; all if None.
        patience: For how many seconds, all checks together, a state that is still settling is waited for.
        each_by_itself: Whether a check runs whatever has become of the steps before its own, as it does for a grade;
            otherwise it is skipped until they are done.
        unfinished: Steps that are known not to be done, by their ids, with their titles; for checks that stand on them.
        limit: For how many seconds one check may run; for as long as it likes if None.
        deadline: When no check may run any more, on the monotonic clock; none if None.
        file: The file with the checks; the lab's own if None.
        again: Whether this process will soon be asked again: then the ways to the nodes' engines stay open.

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

    def remaining_seconds(self) -> float | None:
        """Return how long the next check may run; None if that makes no difference."""
        left = [] if self.check_timeout is None else [self.check_timeout]
        left += [] if self.deadline is None else [self.deadline - time.monotonic()]
        return max(0.0, min(left)) if left else None


REQUEST_KEY = pytest.StashKey[CheckRequest]()
