"""Atomic file writes: readers see the old content or the new content, never a part of it.

The new content goes to a temporary file in the same directory, because a rename is atomic only within a file system.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_TEMPORARY_SUFFIX = ".partial"


@contextmanager
def open_replacement(
    path: Path, *, durable: bool = False, mode: int = 0o666, temporary: Path | None = None
) -> Iterator[IO[bytes]]:
    """Open a temporary file that replaces `path` when the block ends, and is deleted if the block raises.

    A file that exists keeps its permissions. A device or a pipe, such as `/dev/stdout`, is written to directly.

    Args:
        path: The file to create or replace.
        durable: Whether the new content must survive a power failure that follows.
        mode: The permissions of a new file, which the umask restricts.
        temporary: The temporary file to use, on the same file system; a random name next to `path` by default.

    Raises:
        OSError: The file cannot be written.

    """
    existing = _stat(path)
    if existing and not stat.S_ISREG(existing.st_mode):
        with path.open("wb") as stream:
            yield stream
        return
    partial = temporary or path.with_name(f".{path.name}.{os.urandom(4).hex()}{_TEMPORARY_SUFFIX}")
    try:
        with os.fdopen(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_TRUNC, mode), "w+b") as stream:
            yield stream
            if existing:
                os.fchmod(stream.fileno(), stat.S_IMODE(existing.st_mode))
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        partial.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise
    if durable:
        _sync_directory(path.parent)


def write_bytes(
    path: Path, data: bytes, *, durable: bool = False, mode: int = 0o666, temporary: Path | None = None
) -> None:
    """Replace a file's content atomically; see `open_replacement`.

    Raises:
        OSError: The file cannot be written.

    """
    with open_replacement(path, durable=durable, mode=mode, temporary=temporary) as stream:
        stream.write(data)


def write_text(path: Path, text: str, *, durable: bool = False, mode: int = 0o666) -> None:
    """Replace a file's content with text in UTF-8 atomically; see `open_replacement`.

    Raises:
        OSError: The file cannot be written.

    """
    write_bytes(path, text.encode(), durable=durable, mode=mode)


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _sync_directory(directory: Path) -> None:
    """Write a directory's entries to disk: without this, a power failure could undo the rename."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
