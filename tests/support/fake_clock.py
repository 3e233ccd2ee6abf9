"""A clock in place of the module `time`, which only `sleep` moves forward."""

from __future__ import annotations


class FakeClock:
    """Stands in for the module `time`.

    Attributes:
        pauses: The seconds of each call of `sleep`.

    """

    def __init__(self) -> None:
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        """Return the current time in seconds."""
        return sum(self.pauses)

    def sleep(self, seconds: float) -> None:
        """Move the time forward without waiting."""
        self.pauses.append(seconds)
