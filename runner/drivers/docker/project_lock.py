"""Marks this project as in use, so that other projects' commands do not remove its layer cache.

A command that is about to use a layer cache holds its project's lock until the process ends. The lock is in the cache
folder, not in the state folder, because all projects of a user share the cache folder. Several commands may hold it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from runner import paths
from runner.storage.locks import try_lock, wait_for_lock

_MACHINE_ID = Path("/etc/machine-id")


def describe_lock_location(project: str) -> str:
    """Return the host and the file of a project's lock, as one string to record on its layer caches."""
    return f"{_describe_host()} {_lock_file(project)}"


def _describe_host() -> str:
    machine_id = _MACHINE_ID.read_text("ascii").strip() if _MACHINE_ID.exists() else ""
    return f"{os.uname().nodename} {machine_id}"


def acquire_project_lock(project: str) -> IO[str]:
    """Mark a project as in use until the returned file is closed or the process ends for any reason.

    Waits while another project's command removes this project's layer cache.
    """
    while True:
        file = _lock_file(project)
        handle = _open_lock_file(file)
        wait_for_lock(handle, shared=True)
        if _is_current(handle, file):
            return handle
        handle.close()


@contextmanager
def lock_unused_project(project: str, location: str | None) -> Iterator[bool]:
    """Yield whether no process uses a project; if so, no process can start to use it during the block.

    Args:
        project: The project.
        location: What `describe_lock_location` returned when its layer cache was created; None for a cache of an
            earlier version, which recorded none. A lock of another host, or in a folder that may not be opened, cannot
            be examined: such a project counts as in use. A cache folder that no longer exists has no user either.

    """
    # The path comes last, because it may contain spaces.
    *host, path = (location or describe_lock_location(project)).split(" ", 2)
    file = Path(path)
    if " ".join(host) != _describe_host():
        yield False
        return
    try:
        handle = _open_lock_file(file, create_folder=file == _lock_file(project))
    except FileNotFoundError:
        yield True
        return
    except OSError:
        yield False
        return
    with handle:
        if not try_lock(handle) or not _is_current(handle, file):
            yield False
            return
        try:
            yield True
        finally:
            file.unlink()


def remove_unused_lock_files() -> None:
    """Remove the lock files of all projects that no process uses."""
    for file in sorted(_lock_file("any").parent.glob("*.lock")):
        with lock_unused_project(file.stem, None):
            pass


def _lock_file(project: str) -> Path:
    return paths.cache_folder() / "projects" / f"{project}.lock"


def _open_lock_file(file: Path, *, create_folder: bool = True) -> IO[str]:
    if create_folder:
        file.parent.mkdir(parents=True, exist_ok=True)
    return file.open("a", encoding="ascii")


def _is_current(handle: IO[str], file: Path) -> bool:
    """Return whether an open lock file still has its name: `lock_unused_project` removes it."""
    try:
        return os.path.samestat(os.fstat(handle.fileno()), file.stat())
    except FileNotFoundError:
        return False
