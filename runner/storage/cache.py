"""A cache of computed Python objects on disk, which survives from one command to the next."""

from __future__ import annotations

import contextlib
import os
import pickle
from pathlib import Path

from runner import paths
from runner.storage import atomic


def load_entry(name: str, digest: bytes) -> object | None:
    """Return a cached object, or None if there is none for this input.

    Args:
        name: The entry's name, which may contain the name of a subfolder.
        digest: A hash of all input that the object was computed from.

    """
    file = _entry_file(name)
    with contextlib.suppress(OSError, ValueError, EOFError, AttributeError, ImportError, pickle.UnpicklingError):
        data = file.read_bytes()
        # Unpickling runs code, so a file that belongs to another user is not trusted.
        if file.stat().st_uid == os.geteuid() and data.startswith(digest):
            value: object = pickle.loads(data[len(digest) :])  # noqa: S301 - this user wrote it, in their own folder
            return value
    return None


def store_entry(name: str, digest: bytes, value: object) -> None:
    """Store an object; if it cannot be written, do nothing.

    Args:
        name: The entry's name, which may contain the name of a subfolder.
        digest: A hash of all input that the object was computed from.
        value: The object.

    """
    file = _entry_file(name)
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        atomic.write_bytes(file, digest + pickle.dumps(value))


def _entry_file(name: str) -> Path:
    return paths.cache_folder() / f"{name}.pickle"
