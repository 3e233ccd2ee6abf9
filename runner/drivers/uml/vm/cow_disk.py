"""Copy-on-write disks: a VM's disk file holds only what differs from the base disk, which all VMs share."""

from __future__ import annotations

import struct
from pathlib import Path

from runner.storage import atomic

# Version 3 of the format, from the kernel's arch/um/drivers/cow_user.c: magic, version, the base's modification time
# and size, sector size, alignment, format, and the base's path; then a bit for every sector, then the sectors.
_HEADER = struct.Struct(">IIIQIII")
_MAGIC, _VERSION = 0x4F4F4F4D, 3
_SECTOR, _ALIGNMENT = 512, 4096
_BITMAP_OFFSET = 8192


def create_cow_disk(path: Path, base: Path, base_in_sandbox: str) -> None:
    """Create an empty disk over a base disk, unless it exists.

    The file has its maximum size from the start, but is sparse: it uses hardly any disk space at first.

    Args:
        path: The file to create.
        base: The base disk.
        base_in_sandbox: The base disk's path in the sandbox of the kernel.

    """
    if path.exists():
        return
    status = base.stat()
    bitmap = -(-status.st_size // _SECTOR // 8 // _ALIGNMENT) * _ALIGNMENT
    header = _HEADER.pack(_MAGIC, _VERSION, int(status.st_mtime), status.st_size, _SECTOR, _ALIGNMENT, 0)
    with atomic.open_replacement(path) as handle:
        handle.write(header + base_in_sandbox.encode())
        handle.truncate(_BITMAP_OFFSET + bitmap + status.st_size)
