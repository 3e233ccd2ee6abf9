"""Only one command at a time changes a cluster."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from runner.errors import HostError
from runner.storage import locks
from tests.support import helpers

HOLD = """
import sys
from runner.storage import locks
with locks.lock_cluster("tiny"):
    print("locked", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helpers.isolate_environment(monkeypatch, tmp_path)


def test_second_command() -> None:
    """A second command is refused, with what the first one does and what to do."""
    with locks.lock_cluster("tiny"), pytest.raises(HostError) as caught, locks.lock_cluster("tiny"):
        pass
    assert (
        "Another 'labs' command is starting, stopping or removing 'tiny'.",
        "Wait until it finishes, then retry.",
    ) == (caught.value.message, caught.value.advice)


def test_reserved_cluster() -> None:
    """The command that reserved a cluster may change it, and a second command cannot reserve it."""
    with (
        locks.reserve_cluster("tiny"),
        locks.lock_cluster("tiny"),
        pytest.raises(HostError) as caught,
        locks.reserve_cluster("tiny"),
    ):
        pass
    assert "Another 'labs' command is using 'tiny'." == caught.value.message


def test_release() -> None:
    """A lock is free again after its block, even if the block raised."""
    with pytest.raises(ZeroDivisionError), locks.lock_cluster("tiny"):
        _ = 1 // 0
    with locks.lock_cluster("tiny"):
        pass


def test_other_clusters() -> None:
    """Other labs, and other runs of the same lab, have their own locks."""
    with locks.lock_cluster("tiny"), locks.lock_cluster("tiny.two"), locks.lock_cluster("small"):
        pass


def test_killed_holder(tmp_path: Path) -> None:
    """A lock is free as soon as the process that holds it is killed."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD],
        env=helpers.build_environment(tmp_path),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout is not None
        assert "locked\n" == holder.stdout.readline()
        with pytest.raises(HostError), locks.lock_cluster("tiny"):
            pass
        holder.send_signal(signal.SIGKILL)
    with locks.lock_cluster("tiny"):
        pass


def test_waiting(tmp_path: Path) -> None:
    """`hold_file_lock` creates the lock file with its folder, and `try_lock` fails while the lock is held."""
    lock_file = tmp_path / "new" / "lock"
    with locks.hold_file_lock(lock_file), lock_file.open("w") as handle:
        assert not locks.try_lock(handle)
    with lock_file.open("w") as handle:
        assert locks.try_lock(handle)
