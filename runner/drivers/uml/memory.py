"""Whether the machines' memory fits into this one's."""

from __future__ import annotations

from pathlib import Path

from runner.errors import HostError

_MEGABYTE_KB = 1024
# What the rest of this machine keeps.
_RESERVE = 256


def free() -> int:
    """Return how many MB could be used without swapping."""
    lines = Path("/proc/meminfo").read_text("ascii").splitlines()
    return next(int(line.split()[1]) // _MEGABYTE_KB for line in lines if line.startswith("MemAvailable:"))


def require(wanted: int) -> None:
    """Refuse what would not fit.

    Args:
        wanted: How many MB the machines may use together.

    Raises:
        HostError: With the figures.

    """
    available = free()
    if wanted + _RESERVE > available:
        raise HostError(
            f"The machines may use {wanted} MB of memory, and of this machine's only {available} MB are free "
            f"({_RESERVE} MB of them stay for everything else).",
            "Halt another lab ('labs status', 'labs stop') or end a program that uses much, then try again.",
        )
