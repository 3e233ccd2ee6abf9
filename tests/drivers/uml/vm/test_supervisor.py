"""What a supervisor does beside answering."""

from __future__ import annotations

import errno
import subprocess
import threading
import time

import pytest

from runner.drivers.uml.vm.supervisor import Supervisor


class EnoughError(Exception):
    """Ends the supervisor's care after a few rounds."""


def test_a_hub_that_cannot_be_started_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub that ends is started anew, and looked after still when that fails at first."""
    ended = subprocess.Popen(["false"])
    ended.wait()
    tries: list[str] = []

    def start() -> subprocess.Popen[bytes]:
        tries.append("start")
        if len(tries) < 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        return subprocess.Popen(["false"])

    def rest(_seconds: float) -> None:
        if len(tries) == 3:
            raise EnoughError

    monkeypatch.setattr(time, "sleep", rest)
    supervisor = object.__new__(Supervisor)
    supervisor._burial = threading.Lock()
    supervisor._kernels, supervisor._hub, supervisor._start_hub = {}, ended, start  # type: ignore[assignment]
    with pytest.raises(EnoughError):
        supervisor._reap()
    assert ["start"] * 3 == tries
    supervisor._hub.wait()
