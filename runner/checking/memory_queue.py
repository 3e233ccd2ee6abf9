"""A queue that hands out a job as soon as the memory that it needs is free."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Generic, TypeVar

J = TypeVar("J")


class MemoryQueue(Generic[J]):
    """Jobs that wait, and jobs that run; for several threads.

    Args:
        jobs: The jobs, in the order in which to start them.
        memory_mb: How many MB of memory all running jobs together may need.
        get_memory_mb: Returns how many MB a job needs.

    """

    def __init__(self, jobs: Sequence[J], memory_mb: float, get_memory_mb: Callable[[J], int]) -> None:
        self._waiting = list(jobs)
        self._running: list[J] = []
        self._memory_mb = memory_mb
        self._get_memory_mb = get_memory_mb
        self._changed = threading.Condition()

    @contextmanager
    def take_job(self) -> Iterator[J]:
        """Wait until a job's memory is free, and yield it; it counts as running until the block ends.

        A job that needs less memory may overtake the jobs before it. If nothing runs, the first job is handed out,
        however much memory it needs: it then says itself that there is too little.
        """
        with self._changed:
            while (index := self._find_startable_job()) is None:
                self._changed.wait()
            job = self._waiting.pop(index)
            self._running.append(job)
        try:
            yield job
        finally:
            with self._changed:
                self._running.remove(job)
                self._changed.notify_all()

    def _find_startable_job(self) -> int | None:
        if not self._running:
            return 0
        free_mb = self._memory_mb - sum(self._get_memory_mb(job) for job in self._running)
        return next((index for index, job in enumerate(self._waiting) if self._get_memory_mb(job) <= free_mb), None)
