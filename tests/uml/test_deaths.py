"""What is seen, and left, where a supervisor or a kernel ends by itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from runner.errors import HostError
from runner.nodes.driver_interface import Node
from tests.conftest import LabsRunner
from tests.uml.leftovers import Left

pytestmark = pytest.mark.usefixtures("trio")
SOON = 10


def _await_down(labs: LabsRunner, node: str) -> str:
    deadline = time.monotonic() + SOON
    while (shown := labs("status").stdout) and f"{node} down" not in shown and time.monotonic() < deadline:
        time.sleep(0.1)
    return str(shown)


def _sleeping(environment: dict[str, str], node: str) -> subprocess.Popen[str]:
    """Have `labs exec` run a command that does not end, and wait until it runs."""
    argv = [sys.executable, "-m", "runner", "exec", node, "--", "sh", "-c", "echo running; sleep 1000"]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process: subprocess.Popen[str] = subprocess.Popen(argv, env=environment, text=True, **pipes)  # type: ignore[call-overload]
    assert process.stdout is not None
    assert "running\n" == process.stdout.readline()
    return process


def test_a_dead_kernel_is_told_and_brought_back(
    labs: LabsRunner, left: Left, environment: dict[str, str], node2: Node
) -> None:
    """A kernel that ends is named by status, ends what ran on it with an error, and alone is booted by start."""
    others = [left.kernel("trio", node) for node in ("node1", "node3")]
    running = _sleeping(environment, "node2")
    os.kill(left.kernel("trio", "node2"), signal.SIGKILL)
    _, said = running.communicate(timeout=SOON)
    assert (4, True) == (running.returncode, "The node went away while the command ran." in said)
    shown = _await_down(labs, "node2")
    assert "trio  node2 down  (driver uml)" in shown
    refused = labs("exec", "node2", "--", "true")
    assert (4, True) == (refused.returncode, "node2 is down." in refused.stderr)
    began = time.monotonic()
    with pytest.raises(HostError, match="node2 cannot be reached: the machine is down"):
        node2.connect_engine()
    assert time.monotonic() - began < 1
    started = labs("start", "trio")
    assert "Starting node2 ..." in started.stderr, started.stderr
    assert 0 == labs("exec", "node2", "--", "docker", "info").returncode
    assert others == [left.kernel("trio", node) for node in ("node1", "node3")]


def test_a_kernel_that_panics_is_down(labs: LabsRunner, left: Left) -> None:
    """A machine whose kernel panics, as its own root can make it, is down within seconds, and the others are not."""
    labs("exec", "node3", "--", "sh", "-c", "(sleep 0.3; echo c >/proc/sysrq-trigger) >/dev/null 2>&1 &")
    assert "trio  node3 down  (driver uml)" in _await_down(labs, "node3")
    assert 0 == labs("exec", "node1", "--", "true").returncode
    started = labs("start", "trio")
    assert 0 == started.returncode, started.stderr


def test_nothing_outlives_a_killed_supervisor(labs: LabsRunner, left: Left, environment: dict[str, str]) -> None:
    """When the supervisor is killed all else ends at once, status tells it, and start brings the lab back."""
    labs("exec", "node1", "--", "sh", "-c", "touch kept && sync")
    running = _sleeping(environment, "node1")
    assert 8 <= len(left.processes())
    namespaces = left.namespaces()
    os.kill(left.supervisor("trio"), signal.SIGKILL)
    _, said = running.communicate(timeout=SOON)
    assert (4, True) == (running.returncode, "The node went away while the command ran." in said)
    deadline = time.monotonic() + SOON
    while left.processes() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert {} == left.processes()
    assert 8 <= len(namespaces)
    assert [] == left.mounts()
    assert "trio  halted  (driver uml)" in labs("status").stdout
    refused = labs("exec", "node1", "--", "true")
    assert (4, True) == (refused.returncode, "The nodes of 'trio' are stopped." in refused.stderr)
    started = labs("start", "trio")
    assert "Resumed trio in " in started.stdout, started.stderr
    assert 0 == labs("exec", "node1", "--", "ls", "kept").returncode


def test_a_killed_supervisor_can_be_removed(labs: LabsRunner, left: Left) -> None:
    """After the supervisor was killed, rm leaves nothing."""
    os.kill(left.supervisor("trio"), signal.SIGKILL)
    assert 0 == labs("rm", "trio").returncode
    assert [] == left.everything()
