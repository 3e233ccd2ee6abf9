"""Limit the time that a block of code may take, for example while it waits for a node that never answers."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from runner.errors import LimitExceededError


@dataclass(slots=True)
class TimeLimit:
    """Context manager that interrupts a block after some seconds; in the main thread only, and not nested.

    Attributes:
        seconds: How long the block may take.
        activity: What the block does, as in 'The check test_web'.

    Raises:
        LimitExceededError: The block took longer.

    """

    seconds: float
    activity: str
    _is_over: bool = False
    _previous_handler: Any = field(default=None)

    def __enter__(self) -> None:
        """Start the timer."""
        self._previous_handler = signal.signal(signal.SIGALRM, self._raise_error)
        # The timer repeats, because a library may take the first exception for a failed connection and swallow it.
        signal.setitimer(signal.ITIMER_REAL, self.seconds, 1)

    def __exit__(self, *_error: object) -> None:
        """Stop the timer.

        This is not a generator with `contextmanager`: one that is interrupted in its last lines would skip them.
        """
        self._is_over = True
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self._previous_handler)

    def _raise_error(self, _number: int, _frame: FrameType | None) -> None:
        if not self._is_over:
            message = f"{self.activity} did not finish within {self.seconds:.3g} s."
            raise LimitExceededError(message, "Find out what it waits for.")
