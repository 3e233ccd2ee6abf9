"""The client of the worker process that runs checks for the watch."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.watch.check_client import CheckClient, CheckRunResult
from tests.support import helpers

CHECKS_FILE = """
from checks import Nodes, step

@step("look")
def test_look(nodes: Nodes) -> None:
    '''It exists.'''
"""


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CheckClient]:
    """Return a client for a lab, in an environment without a Docker Engine."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    helpers.write_lab(tmp_path, f"{helpers.FRONT_MATTER}## Look {{#look}}\n", checks=CHECKS_FILE)
    check_client = CheckClient("tiny")
    yield check_client
    check_client.kill_worker()


def wait_for_result(client: CheckClient, results_fd: int, seconds: float = 20) -> CheckRunResult:
    """Return a run's result."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if select.select([results_fd], [], [], 0.1)[0] and (result := client.read_run_result()):
            return result
    raise AssertionError("no result")


def worker_pid(client: CheckClient) -> int:
    """Return the process id of the worker."""
    assert client._process
    return client._process.pid


def test_no_engine(client: CheckClient) -> None:
    """An error that prevents the checks from running is reported, and the worker stays for the next run."""
    first = wait_for_result(client, client.start_check_run(None))
    pid = worker_pid(client)
    second = wait_for_result(client, client.start_check_run({"look"}))
    assert first.error
    assert "No Docker Engine answers at unix:///nonexistent.sock." == first.error.message
    assert (True, False, first.error) == (first.all_checks, second.all_checks, second.error)
    assert pid == worker_pid(client)


def test_killed(client: CheckClient) -> None:
    """If the worker is killed, as when memory is low, that is reported, and the next run starts a new worker."""
    results_fd = client.start_check_run(None)
    os.kill(worker_pid(client), signal.SIGKILL)
    error = wait_for_result(client, results_fd).error
    assert error
    assert "The check process ended unexpectedly." == error.message
    assert not client.is_running
    assert "No Docker Engine" in str(wait_for_result(client, client.start_check_run(None)).error)


def test_edited_checks(client: CheckClient, tmp_path: Path) -> None:
    """After the checks were edited, a new worker reads them."""
    wait_for_result(client, client.start_check_run(None))
    before = worker_pid(client)
    os.utime(tmp_path / "checks" / "test_tiny.py", (1, 1))
    wait_for_result(client, client.start_check_run(None))
    assert before != worker_pid(client)


def test_kill_worker(client: CheckClient) -> None:
    """After `kill_worker` the process is gone, even in the middle of a run."""
    client.start_check_run(None)
    pid = worker_pid(client)
    client.kill_worker()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_killed_after_answering(client: CheckClient) -> None:
    """If the worker is killed when its result has just arrived, the result is dropped."""
    results_fd = client.start_check_run(None)
    assert select.select([results_fd], [], [], 20)[0]
    client.kill_worker()
    assert client.read_run_result() is None


def test_editor_lock_file(client: CheckClient, tmp_path: Path) -> None:
    """An editor's lock file, a dangling symbolic link, is ignored."""
    (tmp_path / "checks" / ".#test_tiny.py").symlink_to("author@machine.4711")
    assert "No Docker Engine" in str(wait_for_result(client, client.start_check_run(None)).error)


def test_stderr_of_earlier_worker(client: CheckClient) -> None:
    """An error message of an earlier worker is not attributed to the current one."""
    client._stderr.write(b"an error of an earlier worker\n")
    client._stderr.flush()
    results_fd = client.start_check_run(None)
    os.kill(worker_pid(client), signal.SIGKILL)
    error = wait_for_result(client, results_fd).error
    assert error
    assert "Run 'labs check' for details." == error.advice
