"""How many test processes run clusters at the same time."""

from __future__ import annotations

import os

from runner.clusters import selection

# More would compete for the disk and for the host engine.
_MAX_WORKERS = 4


def count_workers(megabytes: int) -> int:
    """Return how many processes to use for tests with nodes: one per processor, as far as memory allows.

    Args:
        megabytes: The memory that the clusters of one process need.

    """
    free = selection.measure_free_memory()
    return max(1, min(_MAX_WORKERS, os.cpu_count() or 1, free // megabytes))
