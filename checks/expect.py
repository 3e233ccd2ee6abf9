"""How a check says that something is not reached yet, and how it waits for what is still settling."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NoReturn, TypeVar

from checks.lab_nodes import CheckNode

T = TypeVar("T")
_PAUSE_SECONDS = 0.1
_budget = 0.0


class NotYet(AssertionError):  # noqa: N818 - it is no error: the learner has just not got there
    """A check saw something else than it expects.

    Args:
        node: The node's name.
        observed: What was seen, as a clause: 'node3 is a manager'.
        expected: What should have been seen, in the same form.
        see: The command that shows it on that node.

    """

    def __init__(self, node: str, observed: str, expected: str, see: str) -> None:
        super().__init__(f"on {node}: {observed}; expected: {expected} (see it with: {see})")
        self.node = node
        self.observed = observed
        self.expected = expected
        self.see = see


def fail(node: CheckNode, observed: object, expected: object, see: str) -> NoReturn:
    """Say that the state is not reached yet.

    Args:
        node: Where it was seen.
        observed: What was seen.
        expected: What should have been seen.
        see: The command that shows it on that node.

    Raises:
        NotYet: Always.

    """
    raise NotYet(node.name, str(observed), str(expected), see)


def expect(node: CheckNode, observed: object, expected: object, *, of: str = "", see: str) -> None:
    """Say that the state is not reached yet, unless what was seen is what should be.

    Args:
        node: Where it was seen.
        observed: What was seen.
        expected: What should have been seen.
        of: What the values are of, put before both: 'the replicas of web'.
        see: The command that shows it on that node.

    Raises:
        NotYet: They differ.

    """
    if observed != expected:
        lead = f"{of}: " if of else ""
        fail(node, f"{lead}{observed}", f"{lead}{expected}", see)


def eventually(probe: Callable[[], T]) -> T:
    """Repeat a probe until it no longer says `NotYet`, as long as the run's patience lasts.

    The patience is shared by all checks of a run, so that a cluster where nothing is reached is told so soon.

    Args:
        probe: Reads the state anew each time it is called.

    Returns:
        What the probe returned.

    Raises:
        NotYet: The last one, once the patience is used up.

    """
    global _budget
    began = time.monotonic()
    try:
        while True:
            try:
                return probe()
            except NotYet:
                if time.monotonic() - began >= _budget:
                    raise
                time.sleep(_PAUSE_SECONDS)
    finally:
        _budget = max(0.0, _budget - (time.monotonic() - began))


def set_patience(seconds: float) -> None:
    """Set for how long all `eventually` together may wait from now on."""
    global _budget
    _budget = seconds
