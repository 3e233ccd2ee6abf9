"""Notes of what took long to work out, kept in this user's cache between one command and the next."""

from __future__ import annotations

import contextlib
import os
import pickle
from pathlib import Path

from runner import paths
from runner.storage import atomic


def load_entry(name: str, digest: bytes) -> object | None:
    """Return what was noted, if it was worked out from the same.

    Args:
        name: The note's name, with that of its folder.
        digest: What tells that from which it was worked out from all else.

    """
    note = _file(name)
    with contextlib.suppress(OSError, ValueError, EOFError, AttributeError, ImportError, pickle.UnpicklingError):
        data = note.read_bytes()
        # What somebody else has put there would run as us.
        if note.stat().st_uid == os.geteuid() and data.startswith(digest):
            found: object = pickle.loads(data[len(digest) :])  # noqa: S301 - this user wrote it, in a folder of their own
            return found
    return None


def store_entry(name: str, digest: bytes, found: object) -> None:
    """Note what was worked out, unless there is no room for it."""
    note = _file(name)
    with contextlib.suppress(OSError):
        note.parent.mkdir(parents=True, exist_ok=True)
        atomic.write_bytes(note, digest + pickle.dumps(found))


def _file(name: str) -> Path:
    return paths.cache_folder() / f"{name}.pickle"
