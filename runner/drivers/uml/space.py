"""Whether there is room on the disk for what machines write."""

from __future__ import annotations

import shutil
from pathlib import Path

from runner.errors import HostError

# What a machine's boot and a handful of services write.
_MACHINE_MEGABYTES = 100
_MEGABYTE = 1 << 20


def require(folder: Path, machines: int) -> None:
    """Refuse machines on a disk that is all but full: theirs would break under them.

    Args:
        folder: Where their disks are to lie.
        machines: How many.

    Raises:
        HostError: With the figures.

    """
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(there).free // _MEGABYTE
    wanted = machines * _MACHINE_MEGABYTES
    if free < wanted:
        raise HostError(
            f"The disk is full: {free} MB are free in {there}, and the machines need {wanted} MB at least.",
            "Make room ('labs status' shows what is started, 'labs rm' removes it), then try again.",
        )
