"""Read a file of an untrusted folder, without following links out of it and without waiting for anything."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def read_untrusted_file(path: Path, root: Path, max_bytes: int) -> bytes:
    """Return the content of a regular file.

    Args:
        path: The file, or a link to it.
        root: The folder that must contain it; it must be resolved.
        max_bytes: Its maximum size.

    Raises:
        OSError: It does not exist or cannot be read.
        ValueError: It is not allowed; the message says why.

    """
    # Not Path.resolve, which raises a different exception for a loop of links.
    real_path = Path(os.path.realpath(path, strict=True))
    if not real_path.is_relative_to(root):
        raise ValueError("symbolic link to a file outside the submission; replace it with the file itself")
    if real_path.is_dir() and path.is_symlink():
        raise ValueError("symbolic link to a folder; replace it with the folder itself")
    # O_NOFOLLOW: the file may have been replaced by a link since the check. O_NONBLOCK: opening a pipe must not block.
    descriptor = os.open(real_path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("not a regular file")
        content = stream.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise ValueError(f"too large; at most {max_bytes >> 10} kB are allowed here")
    return content


def describe_read_error(error: OSError | ValueError) -> str:
    """Return why a file could not be read, for a report."""
    if isinstance(error, FileNotFoundError):
        return "the file is missing"
    if isinstance(error, OSError):
        return f"cannot read the file: {error.strerror or error}"
    return str(error)
