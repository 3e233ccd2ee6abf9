"""Handing out jobs as memory becomes free."""

from __future__ import annotations

import threading
from contextlib import ExitStack

import pytest

from runner.checking.memory_queue import MemoryQueue


def create_queue(*megabytes: int) -> MemoryQueue[int]:
    """Return a queue of jobs that need this much memory, of 100 MB."""
    return MemoryQueue(megabytes, 100, lambda job: job)


def test_order() -> None:
    """Jobs are handed out in order while all of them fit, even if they fill the memory exactly."""
    queue = create_queue(60, 40, 0)
    with ExitStack() as running:
        assert [60, 40, 0] == [running.enter_context(queue.take_job()) for _ in range(3)]


def test_overtaking() -> None:
    """A job that fits overtakes a larger one, which is handed out once there is room."""
    queue = create_queue(60, 50, 40)
    with queue.take_job() as first, queue.take_job() as second:
        assert (60, 40) == (first, second)
    with queue.take_job() as third:
        assert 50 == third


def test_job_larger_than_memory() -> None:
    """A job that never fits is handed out when nothing else runs."""
    queue = create_queue(500)
    with queue.take_job() as job:
        assert 500 == job


def test_waiting() -> None:
    """A thread that finds no job that fits waits until another one has ended, also if that one failed."""
    queue = create_queue(60, 50)
    started = threading.Event()

    def take_second() -> None:
        with queue.take_job():
            started.set()

    thread = threading.Thread(target=take_second)

    def fail_while_second_waits() -> None:
        with queue.take_job():
            thread.start()
            assert not started.wait(0.1)
            raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - raised three lines above
        fail_while_second_waits()
    assert started.wait(10)
    thread.join()
