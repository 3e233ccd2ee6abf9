"""Interrupt `labs start` with a signal at a chosen moment."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence


def interrupt_start(
    is_reached: Callable[[], bool], number: signal.Signals, options: Sequence[str], environment: Mapping[str, str]
) -> int:
    """Run `labs start`, send it a signal at a moment, and return its exit status.

    Args:
        is_reached: Returns whether the moment is reached; called every few milliseconds.
        number: The signal.
        options: The arguments of `labs start`.
        environment: The environment variables of the process.

    """
    process = subprocess.Popen(
        [sys.executable, "-m", "runner", "start", *options],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not is_reached() and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(number)
    return process.wait(60)
