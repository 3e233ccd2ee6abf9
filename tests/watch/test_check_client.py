"""The process that runs checks for the watch."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.watch.check_client import CheckRunResult, CheckClient
from tests import helpers

CHECKS = """
from checks import Nodes, step

@step("look")
def test_look(nodes: Nodes) -> None:
    '''It is there.'''
"""


@pytest.fixture
def checker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CheckClient]:
    """Return a checker for a lab, in a world without an engine."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    helpers.write_lab(tmp_path, f"{helpers.FRONT_MATTER}## Look {{#look}}\n", checks=CHECKS)
    made = CheckClient("tiny")
    yield made
    made.kill_worker()


def finish(checker: CheckClient, answers: int, seconds: float = 20) -> CheckRunResult:
    """Wait for a round's end."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if select.select([answers], [], [], 0.1)[0] and (checked := checker.read_result()):
            return checked
    raise AssertionError("no answer")


def process_of(checker: CheckClient) -> int:
    """Return the number of its process."""
    assert checker._process
    return checker._process.pid


def test_no_engine(checker: CheckClient) -> None:
    """What keeps the checks from running is told in our own words, and the process stays for the next round."""
    first = finish(checker, checker.start_run(None))
    process = process_of(checker)
    second = finish(checker, checker.start_run({"look"}))
    assert first.error
    assert "No Docker Engine answers at unix:///nonexistent.sock." == first.error.message
    assert (True, False, first.error) == (first.all_checks, second.all_checks, second.error)
    assert process == process_of(checker)


def test_killed(checker: CheckClient) -> None:
    """If the process is killed, as for want of memory, that is told, and the next round has a new one."""
    answers = checker.start_run(None)
    os.kill(process_of(checker), signal.SIGKILL)
    trouble = finish(checker, answers).error
    assert trouble
    assert "The process that runs the checks has ended." == trouble.message
    assert not checker.is_running
    assert "No Docker Engine" in str(finish(checker, checker.start_run(None)).error)


def test_edited_checks(checker: CheckClient, tmp_path: Path) -> None:
    """After an author has edited the checks, a new process reads them."""
    finish(checker, checker.start_run(None))
    before = process_of(checker)
    os.utime(tmp_path / "checks" / "test_tiny.py", (1, 1))
    finish(checker, checker.start_run(None))
    assert before != process_of(checker)


def test_end(checker: CheckClient) -> None:
    """Once ended, nothing of it runs, whatever it was doing."""
    checker.start_run(None)
    process = process_of(checker)
    checker.kill_worker()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_ended_with_its_answer_there(checker: CheckClient) -> None:
    """Whoever ends it while an answer is already there is told nothing more, for the two may come at once."""
    answers = checker.start_run(None)
    assert select.select([answers], [], [], 20)[0]
    checker.kill_worker()
    assert checker.read_result() is None


def test_an_editors_lock(checker: CheckClient, tmp_path: Path) -> None:
    """An editor's lock, a link that leads nowhere beside the file that is open, disturbs nothing."""
    (tmp_path / "checks" / ".#test_tiny.py").symlink_to("author@machine.4711")
    assert "No Docker Engine" in str(finish(checker, checker.start_run(None)).error)


def test_last_words_are_its_own(checker: CheckClient) -> None:
    """What a process has said is not taken for the last words of the next one."""
    checker._stderr.write(b"what an earlier one said\n")
    checker._stderr.flush()
    answers = checker.start_run(None)
    os.kill(process_of(checker), signal.SIGKILL)
    trouble = finish(checker, answers).error
    assert trouble
    assert "'labs check' says more." == trouble.advice
