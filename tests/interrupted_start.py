"""Starts that do not come to their end."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence


def interrupt_start(
    moment: Callable[[], bool], number: signal.Signals, options: Sequence[str], environment: Mapping[str, str]
) -> int:
    """Run `labs start`, send it a signal at a moment, and return its exit status.

    Args:
        moment: Whether it has come; asked every few milliseconds.
        number: The signal.
        options: What follows `labs start`.
        environment: What it runs in.

    """
    process = subprocess.Popen(
        [sys.executable, "-m", "runner", "start", *options],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not moment() and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(number)
    return process.wait(60)
