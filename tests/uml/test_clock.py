"""A machine whose clock has stood still."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from runner.drivers.uml.vm import cluster_state
from tests.conftest import LabsRunner
from tests.uml.leftovers import Left

# From sys/ptrace.h.
_CONTINUE, _ATTACH, _DETACH = 7, 16, 17


def _traced(request: int, process: int, number: int = 0) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(ctypes.c_long(request), ctypes.c_long(process), None, ctypes.c_long(number)):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _next_signal(process: int) -> int:
    return os.WSTOPSIG(os.waitpid(process, 0)[1])


def _lose_an_alarm(process: int) -> None:
    """Take the next alarm away that a kernel is sent, and hand on all else."""
    _traced(_ATTACH, process)
    came = _next_signal(process)
    while came != signal.SIGALRM:
        _traced(_CONTINUE, process, 0 if came == signal.SIGSTOP else came)
        came = _next_signal(process)
    _traced(_DETACH, process)


@pytest.fixture
def busy(labs: LabsRunner, trio: str) -> Iterator[None]:
    """Have node2 compute: an idle kernel sets its alarm anew each time that something wakes it."""
    started = labs("exec", "node2", "--", "sh", "-c", "(while :; do :; done) >/dev/null 2>&1 & echo $!")
    yield
    labs("exec", "node2", "--", "kill", started.stdout.strip())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may trace a kernel")
@pytest.mark.usefixtures("busy")
def test_a_lost_alarm_does_not_stop_the_clock(labs: LabsRunner, left: Left, trio: str) -> None:
    """A kernel that one alarm never reached, as happens on hosts that have much to do, goes on within a second."""
    for _ in range(3):
        _lose_an_alarm(left.kernel(trio, "node2"))
        waited = labs("exec", "node2", "--", "sleep", "0.2", timeout=20)
        assert 0 == waited.returncode, waited.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may trace a kernel")
def test_a_lost_alarm_does_not_stop_a_boot(labs: LabsRunner, environment: dict[str, str], left: Left) -> None:
    """A kernel that one alarm never reached while it booted comes up all the same."""
    console = cluster_state.log_path(left.folder("solo"), "node1")
    command = [sys.executable, "-m", "runner", "start", "solo"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as start:
        while start.poll() is None and not (console.exists() and "containerd" in console.read_text("utf-8", "replace")):
            time.sleep(0.02)
        _lose_an_alarm(left.kernel("solo", "node1"))
        _, said = start.communicate(timeout=100)
    labs("rm", "solo")
    assert 0 == start.returncode, said
