"""Runs the jobs of a start at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

from runner import signals
from runner.status import DetailCallback

T = TypeVar("T")


def run(jobs: Sequence[Callable[[threading.Event], T]], tell: DetailCallback) -> list[T]:
    """Run jobs at the same time; the first failure stops the others.

    Args:
        jobs: Functions that give up once the event they are given is set.
        tell: Told how many are done.

    Returns:
        What they returned, in their order.

    """
    stop = threading.Event()
    with ThreadPoolExecutor(max(1, len(jobs))) as pool:
        futures = [pool.submit(job, stop) for job in jobs]
        try:
            for done, future in enumerate(as_completed(futures), 1):
                future.result()
                tell(f"{done} of {len(jobs)}")
        except BaseException:
            stop.set()
            # Whoever clears up after this must find all that the jobs have made.
            with signals.uninterrupted():
                pool.shutdown()
            raise
    return [future.result() for future in futures]
