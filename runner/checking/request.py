"""What a run of checks is asked to do; it travels from `runner` to the pytest plugin."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from runner.clusters.driver import Cluster
from runner.lessons.model import Lab


@dataclass(frozen=True, slots=True)
class Request:
    """One run of a lab's checks.

    Attributes:
        lab: The lab.
        cluster: The cluster to look at.
        steps: The ids of the steps whose checks run; all if None.
        patience: For how many seconds, all checks together, a state that is still settling is waited for.
        again: Whether this process will soon be asked again: then the ways to the nodes' engines stay open.

    """

    lab: Lab
    cluster: Cluster
    steps: frozenset[str] | None = None
    patience: float = 3.0
    again: bool = False


KEY = pytest.StashKey[Request]()
