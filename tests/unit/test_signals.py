"""Handling of the signals that ask this process to end."""

from __future__ import annotations

import os
import signal

import pytest

from runner import signals


def test_deferred() -> None:
    """An interruption is delayed until the end of the block."""
    executed = []

    def block() -> None:
        with signals.defer_interrupts_in_block():
            os.kill(os.getpid(), signal.SIGINT)
            executed.append("the rest of the block")

    with pytest.raises(KeyboardInterrupt):
        block()
    assert ["the rest of the block"] == executed


def test_deferred_without_signal() -> None:
    """Without a signal, the handlers after the block are those from before it."""
    before = signal.getsignal(signal.SIGINT)
    with signals.defer_interrupts_in_block():
        assert before is not signal.getsignal(signal.SIGINT)
    assert before is signal.getsignal(signal.SIGINT)


def test_blocked() -> None:
    """Signals do not interrupt a block that cleans up."""
    with signals.ignore_interrupts_in_block():
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)


def test_nohup() -> None:
    """A signal that is ignored, as under nohup, stays ignored in a deferred block."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with signals.defer_interrupts_in_block():
            os.kill(os.getpid(), signal.SIGHUP)
        assert signal.SIG_IGN is signal.getsignal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)
