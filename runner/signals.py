"""What the signals that end a program mean here."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Ctrl-C, `kill` and CI's cancel, a closed terminal window.
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def raise_on_signals() -> None:
    """Let every signal that asks this process to end raise `KeyboardInterrupt`, as Ctrl-C does."""
    for number in _ENDING:
        # Whoever started us with one ignored, as `nohup` does, wants it so.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)


def disable_interrupts() -> None:
    """Let nothing more interrupt this process."""
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def block_interrupts() -> Iterator[None]:
    """Let nothing interrupt the block: it puts in order what an interrupted one has left."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = [(number, signal.signal(number, signal.SIG_IGN)) for number in _ENDING]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


@contextmanager
def defer_interrupts() -> Iterator[None]:
    """Let an interruption wait until the block is done.

    An engine carries out a request that is under way, whether or not somebody still waits for the answer; what it makes
    could then be missed by whoever clears up.

    Raises:
        KeyboardInterrupt: At the end of the block, if a signal came meanwhile.

    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    # One that is ignored, as under `nohup`, stays so.
    heeded = [number for number in _ENDING if signal.getsignal(number) is not signal.SIG_IGN]
    before = [(number, signal.signal(number, lambda got, _frame: came.append(got))) for number in heeded]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)
    if came:
        raise KeyboardInterrupt
