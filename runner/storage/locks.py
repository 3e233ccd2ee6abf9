"""Lets one command at a time change a cluster."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from runner import paths
from runner.errors import HostError
from runner.nodes.driver_interface import ClusterId
from runner.status import StatusReporter

_PAUSE_SECONDS = 0.2


@contextmanager
def lock_images(reporter: StatusReporter) -> Iterator[None]:
    """Hold the lock of the images, which all projects share; waits for as long as another command builds them."""
    folder = paths.cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "images.lock").open("w") as handle:
        if not try_lock(handle):
            with reporter.step("Waiting for another labs command that builds images"):
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def lock_cluster(cluster: ClusterId) -> Iterator[None]:
    """Hold the cluster's lock; the system releases it however this process ends.

    Raises:
        HostError: Another command holds it.

    """
    with _taken(str(cluster), f"Another 'labs' command is starting, halting or removing '{cluster}' right now."):
        yield


@contextmanager
def reserve_cluster(cluster: ClusterId, patience: float = 0) -> Iterator[None]:
    """Keep a cluster for one command from before it is made until it is removed, and not only while it changes.

    Args:
        cluster: The cluster.
        patience: For how many seconds to wait for another command that has it.

    Raises:
        HostError: Another command has it.

    """
    with _taken(f"{cluster}.owner", f"Another 'labs' command is at work on '{cluster}' right now.", patience):
        yield


@contextmanager
def _taken(name: str, refusal: str, patience: float = 0) -> Iterator[None]:
    folder = paths.state_folder() / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + patience
    with (folder / f"{name}.lock").open("w") as handle:
        while not try_lock(handle):
            if time.monotonic() >= deadline:
                raise HostError(refusal, "Wait for it to end, then type this again.")
            time.sleep(_PAUSE_SECONDS)
        yield


def try_lock(handle: IO[str]) -> bool:
    """Take a file's lock if nobody else has it, until the file is closed; return whether it was taken."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
