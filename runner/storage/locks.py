"""File locks between processes: on a lock file, on a cluster, and on the images.

The kernel releases a lock when its file is closed, however the process that holds it ends.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from runner import paths
from runner.errors import HostError
from runner.status import StatusReporter

_RETRY_SECONDS = 0.2


def try_lock(handle: IO[str]) -> bool:
    """Lock an open file unless another process has locked it; return whether it is locked now."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def wait_for_lock(handle: IO[str], *, shared: bool = False) -> None:
    """Lock an open file; wait while another process has locked it.

    Args:
        handle: The open file.
        shared: Whether other processes may hold a shared lock at the same time.

    """
    fcntl.flock(handle, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)


@contextmanager
def hold_file_lock(lock_file: Path) -> Iterator[None]:
    """Hold the lock of a file, which is created if it is missing; wait for other processes first."""
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    with lock_file.open("w") as handle:
        wait_for_lock(handle)
        yield


@contextmanager
def lock_images(reporter: StatusReporter) -> Iterator[None]:
    """Hold the lock on the images, which all projects share; wait while another command builds them."""
    with _lock_cache("images", "Waiting for another labs command that builds images", reporter):
        yield


@contextmanager
def lock_downloads(reporter: StatusReporter) -> Iterator[None]:
    """Hold the lock on the downloads of this user; wait while another command downloads."""
    with _lock_cache("downloads", "Waiting for another labs command that downloads images", reporter):
        yield


@contextmanager
def _lock_cache(name: str, waiting: str, reporter: StatusReporter) -> Iterator[None]:
    lock_file = paths.cache_folder() / f"{name}.lock"
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    with lock_file.open("w") as handle:
        if not try_lock(handle):
            with reporter.report_step(waiting):
                wait_for_lock(handle)
        yield


@contextmanager
def lock_cluster(cluster: str) -> Iterator[None]:
    """Hold a cluster's lock while its nodes are started, stopped or removed.

    Args:
        cluster: The cluster's id, as text.

    Raises:
        HostError: Another command holds the lock.

    """
    with _lock_or_refuse(cluster, f"Another 'labs' command is starting, stopping or removing '{cluster}'."):
        yield


@contextmanager
def reserve_cluster(cluster: str, timeout: float = 0) -> Iterator[None]:
    """Reserve a cluster for one command, from before it is created until it is removed.

    This lock is separate from that of `lock_cluster`, which is held only while the cluster changes.

    Args:
        cluster: The cluster's id, as text.
        timeout: How many seconds to wait for another command that has reserved it.

    Raises:
        HostError: Another command has reserved it.

    """
    with _lock_or_refuse(f"{cluster}.owner", f"Another 'labs' command is using '{cluster}'.", timeout):
        yield


@contextmanager
def _lock_or_refuse(name: str, refusal: str, timeout: float = 0) -> Iterator[None]:
    lock_file = paths.state_folder() / "locks" / f"{name}.lock"
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + timeout
    with lock_file.open("w") as handle:
        while not try_lock(handle):
            if time.monotonic() >= deadline:
                raise HostError(refusal, "Wait until it finishes, then retry.")
            time.sleep(_RETRY_SECONDS)
        yield
