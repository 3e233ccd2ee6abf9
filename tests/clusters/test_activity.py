"""Terminals that ring the watch's bell."""

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
from runner.clusters.activity import Bell, Ringer
from tests import helpers


@pytest.fixture(autouse=True)
def _own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    helpers.own_folders(monkeypatch, tmp_path)
    # However deep the tests' own folders lie: the address of a socket must be short.
    with tempfile.TemporaryDirectory() as short:
        monkeypatch.setenv("XDG_RUNTIME_DIR", short)
        yield


@pytest.fixture
def bell() -> Iterator[Bell]:
    """Hang up a bell."""
    hung = Bell()
    yield hung
    hung.close()


def rings(bell: Bell) -> bool:
    """Whether it has rung."""
    return bool(select.select([bell], [], [], 0)[0])


def test_a_line_rings(bell: Bell) -> None:
    """A line that a command prints rings the bell, until it is silenced."""
    Ringer()(b"total 0\r\n")
    assert rings(bell)
    bell.silence()
    assert not rings(bell)


def test_keys_do_not(bell: Bell) -> None:
    """What is typed shows up letter by letter, and means nothing before Enter."""
    Ringer()(b"docker ru")
    assert not rings(bell)


def test_not_too_often(bell: Bell) -> None:
    """A program that prints without end rings once and not for every line."""
    ring = Ringer()
    for _ in range(1000):
        ring(b"y\n")
    assert rings(bell)
    bell.silence()
    ring(b"y\n")
    assert not rings(bell)


def test_nobody_watches() -> None:
    """Where no bell hangs, nothing is rung and nothing is left."""
    Ringer()(b"total 0\n")
    assert not paths.sockets_folder().exists()


def test_a_bell_that_is_full(bell: Bell) -> None:
    """A watch that is busy holds nobody up, however often its bell is rung."""
    for _ in range(5000):
        Ringer()(b"total 0\n")
    assert rings(bell)


def test_a_bell_whose_watch_was_killed() -> None:
    """What a killed watch leaves hanging is taken down by the next one who rings."""
    code = "import os, signal; from runner.clusters.activity import Bell; Bell(); os.kill(os.getpid(), signal.SIGKILL)"
    subprocess.run([sys.executable, "-c", code], cwd=helpers.CHECKOUT, env={**os.environ}, check=False)
    assert 1 == len([*paths.sockets_folder().rglob("*.bell")])
    Ringer()(b"total 0\n")
    assert [] == [*paths.sockets_folder().rglob("*.bell")]


def test_several_watches(bell: Bell) -> None:
    """Every watch hears it, each in its own process."""
    code = "from runner.clusters.activity import Ringer; Ringer()(b'total 0\\n')"
    subprocess.run([sys.executable, "-c", code], cwd=helpers.CHECKOUT, env={**os.environ}, check=True)
    assert rings(bell)
