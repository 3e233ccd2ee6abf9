"""What a user sees, and what remains, after a supervisor or a kernel has died."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from runner.errors import HostError
from runner.nodes.driver_interface import Node
from tests.support.labs_command import LabsRunner
from tests.support.vm_leftovers import UmlLeftovers

pytestmark = pytest.mark.usefixtures("uml_trio")
TIMEOUT = 10


def _wait_until_down(labs: LabsRunner, node: str) -> str:
    deadline = time.monotonic() + TIMEOUT
    while (status := labs("status").stdout) and f"{node} down" not in status and time.monotonic() < deadline:
        time.sleep(0.1)
    return str(status)


def _start_endless_command(environment: dict[str, str], node: str) -> subprocess.Popen[str]:
    """Start a command that does not end with `labs exec`, and wait until it runs."""
    argv = [sys.executable, "-m", "runner", "exec", node, "--", "sh", "-c", "echo running; sleep 1000"]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process: subprocess.Popen[str] = subprocess.Popen(argv, env=environment, text=True, **pipes)  # type: ignore[call-overload]
    assert process.stdout is not None
    assert "running\n" == process.stdout.readline()
    return process


def test_killed_kernel(
    uml_labs: LabsRunner, uml_leftovers: UmlLeftovers, uml_environment: dict[str, str], node2: Node
) -> None:
    """If a kernel is killed, its commands fail, `labs status` shows that, and `labs start` boots only that VM."""
    others = [uml_leftovers.find_kernel("trio", node) for node in ("node1", "node3")]
    running = _start_endless_command(uml_environment, "node2")
    os.kill(uml_leftovers.find_kernel("trio", "node2"), signal.SIGKILL)
    _, output = running.communicate(timeout=TIMEOUT)
    assert (4, True) == (running.returncode, "The node stopped while the command ran." in output)
    status = _wait_until_down(uml_labs, "node2")
    assert "trio  node2 down  (driver uml)" in status
    refused = uml_labs("exec", "node2", "--", "true")
    assert (4, True) == (refused.returncode, "node2 is down." in refused.stderr)
    began = time.monotonic()
    with pytest.raises(HostError, match="node2 cannot be reached: the VM is down"):
        node2.connect_engine_socket()
    assert time.monotonic() - began < 1
    started = uml_labs("start", "trio")
    assert "Starting node2 ..." in started.stderr, started.stderr
    assert 0 == uml_labs("exec", "node2", "--", "docker", "info").returncode
    assert others == [uml_leftovers.find_kernel("trio", node) for node in ("node1", "node3")]


def test_kernel_panic(uml_labs: LabsRunner, uml_leftovers: UmlLeftovers) -> None:
    """A VM whose kernel panics, which its root user can cause, is down within seconds; the other VMs keep running."""
    uml_labs("exec", "node3", "--", "sh", "-c", "(sleep 0.3; echo c >/proc/sysrq-trigger) >/dev/null 2>&1 &")
    assert "trio  node3 down  (driver uml)" in _wait_until_down(uml_labs, "node3")
    assert 0 == uml_labs("exec", "node1", "--", "true").returncode
    started = uml_labs("start", "trio")
    assert 0 == started.returncode, started.stderr


def test_killed_supervisor(uml_labs: LabsRunner, uml_leftovers: UmlLeftovers, uml_environment: dict[str, str]) -> None:
    """If the supervisor is killed, all processes end, `labs status` shows that, and `labs start` resumes the lab."""
    uml_labs("exec", "node1", "--", "sh", "-c", "touch note && sync")
    running = _start_endless_command(uml_environment, "node1")
    assert 8 <= len(uml_leftovers.list_processes())
    namespaces = uml_leftovers.list_namespaces()
    os.kill(uml_leftovers.find_supervisor("trio"), signal.SIGKILL)
    _, output = running.communicate(timeout=TIMEOUT)
    assert (4, True) == (running.returncode, "The node stopped while the command ran." in output)
    deadline = time.monotonic() + TIMEOUT
    while uml_leftovers.list_processes() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert {} == uml_leftovers.list_processes()
    assert 8 <= len(namespaces)
    assert [] == uml_leftovers.list_mounts()
    assert "trio  stopped  (driver uml)" in uml_labs("status").stdout
    refused = uml_labs("exec", "node1", "--", "true")
    assert (4, True) == (refused.returncode, "The nodes of 'trio' are stopped." in refused.stderr)
    started = uml_labs("start", "trio")
    assert "Resumed trio in " in started.stdout, started.stderr
    assert 0 == uml_labs("exec", "node1", "--", "ls", "note").returncode


def test_remove_after_killed_supervisor(uml_labs: LabsRunner, uml_leftovers: UmlLeftovers) -> None:
    """After the supervisor was killed, `labs rm` removes everything."""
    os.kill(uml_leftovers.find_supervisor("trio"), signal.SIGKILL)
    assert 0 == uml_labs("rm", "trio").returncode
    assert [] == uml_leftovers.list_all()
