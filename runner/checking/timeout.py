"""Ends the waiting for a node that never answers."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from runner.errors import LimitExceededError


@dataclass(slots=True)
class TimeLimit:
    """Interrupts a block that takes too long; in the main thread only, and not one inside another.

    Attributes:
        seconds: How long it may take.
        what: What it does, as in 'The check test_web'.

    Raises:
        LimitExceededError: It took longer.

    """

    seconds: float
    activity: str
    _over: bool = False
    _before: Any = field(default=None)

    def __enter__(self) -> None:
        """Set the alarm."""
        self._before = signal.signal(signal.SIGALRM, self._ring)
        # Again and again, should somebody on the way have taken the first for a connection that failed.
        signal.setitimer(signal.ITIMER_REAL, self.seconds, 1)

    def __exit__(self, *_error: object) -> None:
        """Take it back; no generator, for one that is interrupted in its last lines leaves them out."""
        self._over = True
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self._before)

    def _ring(self, _number: int, _frame: FrameType | None) -> None:
        if not self._over:
            raise LimitExceededError(
                f"{self.activity} did not end within {self.seconds:.3g} s.", "Look what it waits for."
            )
