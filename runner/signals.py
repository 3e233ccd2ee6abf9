"""Handling of the signals that ask this process to end: Ctrl-C, `kill`, and a closed terminal."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# SIGTERM comes from `kill` and from CI systems, SIGHUP when the terminal window is closed.
_TERMINATION_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def raise_on_termination_signals() -> None:
    """Let every termination signal raise `KeyboardInterrupt`, as Ctrl-C does."""
    for number in _TERMINATION_SIGNALS:
        # A signal that is ignored already, as under `nohup`, stays ignored.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)


def ignore_interrupts_permanently() -> None:
    """Ignore all termination signals from now on."""
    for number in _TERMINATION_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def ignore_interrupts_in_block() -> Iterator[None]:
    """Ignore termination signals during the block; for cleanup after an interruption."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers = [(number, signal.signal(number, signal.SIG_IGN)) for number in _TERMINATION_SIGNALS]
    try:
        yield
    finally:
        for number, handler in handlers:
            signal.signal(number, handler)


@contextmanager
def defer_interrupts_in_block() -> Iterator[None]:
    """Delay an interruption until the end of the block.

    A Docker engine completes a request that it has received, even if the client no longer waits for the response. What
    the request creates could then be missed by the cleanup.

    Raises:
        KeyboardInterrupt: At the end of the block, if a termination signal arrived in it.

    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[int] = []
    # A signal that is ignored already, as under `nohup`, stays ignored.
    handled = [number for number in _TERMINATION_SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    handlers = [
        (number, signal.signal(number, lambda signal_number, _frame: received.append(signal_number)))
        for number in handled
    ]
    try:
        yield
    finally:
        for number, handler in handlers:
            signal.signal(number, handler)
    if received:
        raise KeyboardInterrupt
