"""How long to pause between two attempts."""

from __future__ import annotations

_MIN_PAUSE_SECONDS = 0.1
_MAX_PAUSE_SECONDS = 1.0
_PAUSE_SHARE = 0.1


def calculate_retry_pause(elapsed_seconds: float) -> float:
    """Return how many seconds to pause before the next attempt; the pause grows with the time that has passed.

    What takes seconds is noticed at once, and what takes a minute is not tried a hundred times: attempts take processor
    time on the nodes, which delays what they wait for.

    Args:
        elapsed_seconds: The seconds since the first attempt.

    """
    return min(_MAX_PAUSE_SECONDS, max(_MIN_PAUSE_SECONDS, elapsed_seconds * _PAUSE_SHARE))
