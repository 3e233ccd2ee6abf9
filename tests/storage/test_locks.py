"""One command at a time changes a cluster."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from runner.errors import HostError
from runner.nodes.driver_interface import ClusterId
from runner.storage import locks
from tests import helpers

TINY = ClusterId("tiny")
HOLD = """
import sys
from runner.storage import locks
from runner.nodes.driver_interface import ClusterId
with locks.held(ClusterId("tiny")):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helpers.own_folders(monkeypatch, tmp_path)


def test_held_twice() -> None:
    """The second command is refused, told what is going on and what to type."""
    with locks.lock_cluster(TINY), pytest.raises(HostError) as caught, locks.lock_cluster(TINY):
        pass
    assert (
        "Another 'labs' command is starting, halting or removing 'tiny' right now.",
        "Wait for it to end, then type this again.",
    ) == (caught.value.message, caught.value.advice)


def test_owned() -> None:
    """Who keeps a cluster for itself may change it, and a second command that would keep it too is refused."""
    with (
        locks.reserve_cluster(TINY),
        locks.lock_cluster(TINY),
        pytest.raises(HostError) as caught,
        locks.reserve_cluster(TINY),
    ):
        pass
    assert "Another 'labs' command is at work on 'tiny' right now." == caught.value.message


def test_released() -> None:
    """A lock is free again after its block, however that ended."""
    with pytest.raises(ZeroDivisionError), locks.lock_cluster(TINY):
        _ = 1 // 0
    with locks.lock_cluster(TINY):
        pass


def test_others() -> None:
    """Other labs, and other runs of the same lab, have locks of their own."""
    with locks.lock_cluster(TINY), locks.lock_cluster(ClusterId("tiny", "two")), locks.lock_cluster(ClusterId("small")):
        pass


def test_killed_holder(tmp_path: Path) -> None:
    """A lock whose holder is killed is free at once."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD],
        env=helpers.environment(tmp_path),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout is not None
        assert "held\n" == holder.stdout.readline()
        with pytest.raises(HostError), locks.lock_cluster(TINY):
            pass
        holder.send_signal(signal.SIGKILL)
    with locks.lock_cluster(TINY):
        pass
