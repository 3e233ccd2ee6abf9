"""Report that a state is not reached yet, and wait for a state that is still settling."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NoReturn, TypeVar

from checks.lab_nodes import CheckNode
from runner import retry

T = TypeVar("T")
_wait_budget_seconds = 0.0


class NotYet(AssertionError):  # noqa: N818 - not an error: the learner has not reached this state yet
    """A check observed something other than what it expects.

    Args:
        node: The node's name.
        observed: What the check observed, as a clause: 'node3 is a manager'.
        expected: What it expects, in the same form: 'node3 is a worker'.
        see: The command that shows the observed state on that node.

    """

    def __init__(self, node: str, observed: str, expected: str, see: str) -> None:
        super().__init__(f"on {node}: {observed}; expected: {expected} (see it with: {see})")
        self.node = node
        self.observed = observed
        self.expected = expected
        self.see = see


def fail(node: CheckNode, observed: object, expected: object, see: str) -> NoReturn:
    """Fail the check: the expected state is not reached yet.

    Args:
        node: The node where the state was observed.
        observed: What the check observed.
        expected: What it expects.
        see: The command that shows the observed state on that node.

    Raises:
        NotYet: Always.

    """
    raise NotYet(node.name, str(observed), str(expected), see)


def expect_equal(node: CheckNode, observed: object, expected: object, *, of: str = "", see: str) -> None:
    """Fail the check unless the observed value equals the expected value.

    Args:
        node: The node where the value was observed.
        observed: The observed value.
        expected: The expected value.
        of: What both values describe, as in 'the replicas of web'; the message shows it before each value.
        see: The command that shows the observed value on that node.

    Raises:
        NotYet: The values differ.

    """
    if observed != expected:
        prefix = f"{of}: " if of else ""
        fail(node, f"{prefix}{observed}", f"{prefix}{expected}", see)


def eventually(probe: Callable[[], T]) -> T:
    """Call a probe again and again until it no longer raises `NotYet` or the run's wait budget is used up.

    All checks of a run share one wait budget. A cluster where nothing is reached yet is therefore reported quickly.

    Args:
        probe: Reads the current state on every call.

    Returns:
        The probe's return value.

    Raises:
        NotYet: The last one that the probe raised before the budget ran out.

    """
    global _wait_budget_seconds
    started_at = time.monotonic()
    try:
        while True:
            try:
                return probe()
            except NotYet:
                seconds = time.monotonic() - started_at
                if seconds >= _wait_budget_seconds:
                    raise
                time.sleep(min(retry.calculate_retry_pause(seconds), _wait_budget_seconds - seconds))
    finally:
        _wait_budget_seconds = max(0.0, _wait_budget_seconds - (time.monotonic() - started_at))


def set_wait_budget(seconds: float) -> None:
    """Set how many seconds all calls of `eventually` together may wait from now on."""
    global _wait_budget_seconds
    _wait_budget_seconds = seconds
