"""Runs jobs in parallel, of which the first failure stops the others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

from runner import signals
from runner.status import DetailCallback

T = TypeVar("T")


def run_jobs(
    jobs: Sequence[Callable[[threading.Event], T]], report_detail: DetailCallback, max_parallel: int | None = None
) -> list[T]:
    """Run jobs in parallel; the first failure stops the others.

    Args:
        jobs: Functions that return early once the event they are given is set.
        report_detail: Called with how many jobs are done, as in '2 of 3'.
        max_parallel: How many may run at once; None for all.

    Returns:
        Their results, in the order of the jobs.

    """
    stop = threading.Event()
    with ThreadPoolExecutor(max_parallel or max(1, len(jobs))) as pool:
        futures = [pool.submit(job, stop) for job in jobs]
        try:
            for done, future in enumerate(as_completed(futures), 1):
                future.result()
                report_detail(f"{done} of {len(jobs)}")
        except BaseException:
            stop.set()
            # The caller then removes everything that the jobs have created, so all of them must have ended.
            with signals.ignore_interrupts_in_block():
                pool.shutdown(cancel_futures=True)
            raise
    return [future.result() for future in futures]
