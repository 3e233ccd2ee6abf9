"""How the supervisor restarts the registry mirror."""

from __future__ import annotations

import errno
import subprocess
import threading
import time

import pytest

from runner.drivers.uml.vm.supervisor import Supervisor


class EnoughError(Exception):
    """Ends the supervisor's loop after a few rounds."""


def test_mirror_is_restarted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A registry mirror that has exited is started again, and further attempts follow if that fails at first."""
    exited = subprocess.Popen(["false"])
    exited.wait()
    attempts: list[str] = []

    def start_mirror() -> subprocess.Popen[bytes]:
        attempts.append("start")
        if len(attempts) < 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        return subprocess.Popen(["false"])

    def sleep(_seconds: float) -> None:
        if len(attempts) == 3:
            raise EnoughError

    monkeypatch.setattr(time, "sleep", sleep)
    supervisor = object.__new__(Supervisor)
    supervisor._reap_lock = threading.Lock()
    supervisor._vms, supervisor._mirror = {}, exited
    supervisor._start_mirror = start_mirror  # type: ignore[assignment]
    with pytest.raises(EnoughError):
        supervisor._monitor_processes()
    assert ["start"] * 3 == attempts
    supervisor._mirror.wait()
