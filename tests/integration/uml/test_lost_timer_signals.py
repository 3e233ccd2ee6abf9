"""Timers in a VM when a timer signal is lost."""

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
from tests.support.labs_command import LabsRunner
from tests.support.vm_leftovers import UmlLeftovers

# From sys/ptrace.h.
_CONTINUE, _ATTACH, _DETACH = 7, 16, 17


def _ptrace(request: int, process: int, signal_number: int = 0) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(ctypes.c_long(request), ctypes.c_long(process), None, ctypes.c_long(signal_number)):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _wait_for_signal(process: int) -> int:
    return os.WSTOPSIG(os.waitpid(process, 0)[1])


def _discard_timer_signal(process: int) -> None:
    """Discard the next timer signal that a kernel receives, and deliver all other signals."""
    _ptrace(_ATTACH, process)
    received = _wait_for_signal(process)
    while received != signal.SIGALRM:
        _ptrace(_CONTINUE, process, 0 if received == signal.SIGSTOP else received)
        received = _wait_for_signal(process)
    _ptrace(_DETACH, process)


@pytest.fixture
def busy(uml_labs: LabsRunner, uml_trio: str) -> Iterator[None]:
    """Keep node2 busy: an idle kernel sets its timer again each time that it wakes up."""
    started = uml_labs("exec", "node2", "--", "sh", "-c", "(while :; do :; done) >/dev/null 2>&1 & echo $!")
    yield
    uml_labs("exec", "node2", "--", "kill", started.stdout.strip())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may trace a kernel")
@pytest.mark.usefixtures("busy")
def test_lost_timer_signal(uml_labs: LabsRunner, uml_leftovers: UmlLeftovers, uml_trio: str) -> None:
    """A kernel that loses a timer signal, as happens on busy hosts, continues within a second."""
    for _ in range(3):
        _discard_timer_signal(uml_leftovers.find_kernel(uml_trio, "node2"))
        slept = uml_labs("exec", "node2", "--", "sleep", "0.2", timeout=20)
        assert 0 == slept.returncode, slept.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may trace a kernel")
def test_lost_timer_signal_during_boot(
    uml_labs: LabsRunner, uml_environment: dict[str, str], uml_leftovers: UmlLeftovers
) -> None:
    """A kernel that loses a timer signal while it boots still becomes ready."""
    console = cluster_state.log_path(uml_leftovers.cluster_folder("solo"), "node1")
    command = [sys.executable, "-m", "runner", "start", "solo"]
    with subprocess.Popen(command, env=uml_environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as start:
        while start.poll() is None and not (console.exists() and "containerd" in console.read_text("utf-8", "replace")):
            time.sleep(0.02)
        _discard_timer_signal(uml_leftovers.find_kernel("solo", "node1"))
        _, output = start.communicate(timeout=100)
    uml_labs("rm", "solo")
    assert 0 == start.returncode, output
