"""Notifications from terminals to watching commands."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner import paths
from runner.clusters.activity import ActivityListener, ActivityNotifier
from tests.support import helpers


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    helpers.isolate_environment(monkeypatch, tmp_path)
    with tempfile.TemporaryDirectory() as runtime:
        monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
        yield


@pytest.fixture
def listener() -> Iterator[ActivityListener]:
    """Create a listener."""
    created = ActivityListener()
    yield created
    created.close()


def is_notified(listener: ActivityListener) -> bool:
    """Whether the listener has received a notification."""
    return bool(select.select([listener], [], [], 0)[0])


def test_line(listener: ActivityListener) -> None:
    """A line of output notifies the listener, until it discards the notification."""
    ActivityNotifier()(b"total 0\r\n")
    assert is_notified(listener)
    listener.discard_notifications()
    assert not is_notified(listener)


def test_typing(listener: ActivityListener) -> None:
    """Output without the end of a line, as when a user types, does not notify."""
    ActivityNotifier()(b"docker ru")
    assert not is_notified(listener)


def test_limited_rate(listener: ActivityListener) -> None:
    """A program that prints without end causes one notification per second, not one per line."""
    notify = ActivityNotifier()
    for _ in range(1000):
        notify(b"y\n")
    assert is_notified(listener)
    listener.discard_notifications()
    notify(b"y\n")
    assert not is_notified(listener)


def test_no_listener() -> None:
    """Without a listener, nothing is sent and no file is created."""
    ActivityNotifier()(b"total 0\n")
    assert not paths.sockets_folder().exists()


def test_full_queue(listener: ActivityListener) -> None:
    """A listener that does not read its notifications does not delay the notifier."""
    for _ in range(5000):
        ActivityNotifier()(b"total 0\n")
    assert is_notified(listener)


def test_killed_listener() -> None:
    """The next notifier removes the socket of a killed listener."""
    code = (
        "import os; from runner.clusters.activity import ActivityListener; ActivityListener(); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=helpers.CHECKOUT, env={**os.environ}, check=False)
    assert 1 == len([*paths.sockets_folder().rglob("*.activity")])
    ActivityNotifier()(b"total 0\n")
    assert [] == [*paths.sockets_folder().rglob("*.activity")]


def test_other_process(listener: ActivityListener) -> None:
    """The notifier may be in another process."""
    code = "from runner.clusters.activity import ActivityNotifier; ActivityNotifier()(b'total 0\\n')"
    subprocess.run([sys.executable, "-c", code], cwd=helpers.CHECKOUT, env={**os.environ}, check=True)
    assert is_notified(listener)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="this system has no /proc/self/fd")
def test_long_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A listener works even if the path of its socket is longer than a socket's address can be."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / ("long" * 30)))
    listener = ActivityListener()
    ActivityNotifier()(b"total 0\n")
    assert is_notified(listener)
    listener.close()
    assert [] == [*paths.sockets_folder().rglob("*.activity")]
