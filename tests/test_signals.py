"""Signals that ask the program to end."""

from __future__ import annotations

import os
import signal

import pytest

from runner import signals


def test_deferred() -> None:
    """An interruption waits until the block is done, and comes then."""
    done = []

    def block() -> None:
        with signals.deferred():
            os.kill(os.getpid(), signal.SIGINT)
            done.append("the rest of the block")

    with pytest.raises(KeyboardInterrupt):
        block()
    assert ["the rest of the block"] == done


def test_deferred_in_peace() -> None:
    """Without a signal a deferred block changes nothing, and the handlers are as before."""
    before = signal.getsignal(signal.SIGINT)
    with signals.deferred():
        assert before is not signal.getsignal(signal.SIGINT)
    assert before is signal.getsignal(signal.SIGINT)


def test_uninterrupted() -> None:
    """Nothing interrupts a block that clears up."""
    with signals.uninterrupted():
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)


def test_nohup() -> None:
    """A signal that whoever started us wants ignored interrupts nothing, in a deferred block too."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with signals.deferred():
            os.kill(os.getpid(), signal.SIGHUP)
        assert signal.SIG_IGN is signal.getsignal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)
