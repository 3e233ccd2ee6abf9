"""A machine's disk: a file that holds what differs from the base disk that all machines share."""

from __future__ import annotations

import struct
from pathlib import Path

from runner.storage import atomic

# Version 3 of the format, from the kernel's arch/um/drivers/cow_user.c: magic, version, the base's time of change and
# size, sector size, alignment, format, and the base's path; then a bit for every sector, then the sectors.
_HEADER = struct.Struct(">IIIQIII")
_MAGIC, _VERSION = 0x4F4F4F4D, 3
_SECTOR, _ALIGNMENT = 512, 4096
_BITMAP_AT = 8192


def make(path: Path, base: Path, seen_as: str) -> None:
    """Make an empty disk over a base disk, unless there is one.

    It is as large as it can ever become from the start, though hardly any of it takes room yet.

    Args:
        path: The file to make.
        base: The base disk.
        seen_as: The base disk's path where the kernel runs.

    """
    if path.exists():
        return
    status = base.stat()
    bitmap = -(-status.st_size // _SECTOR // 8 // _ALIGNMENT) * _ALIGNMENT
    header = _HEADER.pack(_MAGIC, _VERSION, int(status.st_mtime), status.st_size, _SECTOR, _ALIGNMENT, 0)
    with atomic.open_replacement(path) as handle:
        handle.write(header + seen_as.encode())
        handle.truncate(_BITMAP_AT + bitmap + status.st_size)
