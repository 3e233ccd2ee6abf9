"""Copy-on-write disks, in the format that the kernel's driver reads."""

from __future__ import annotations

import os
from pathlib import Path

from runner.drivers.uml.vm import cow_disk

MEGABYTE = 1 << 20


def _create_base(folder: Path) -> Path:
    path = folder / "base.img"
    with path.open("wb") as handle:
        handle.truncate(64 * MEGABYTE)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    return path


def test_header(tmp_path: Path) -> None:
    """The header has version 3 of the format, the base's modification time, size and path, and the sector size."""
    disk = tmp_path / "node1.writable"
    cow_disk.create_cow_disk(disk, _create_base(tmp_path), "/shared/disk.img")
    with disk.open("rb") as handle:
        data = handle.read(4096)
    expected = "4f4f4f4d 00000003 6553f100 0000000004000000 00000200 00001000 00000000"
    assert bytes.fromhex(expected) + b"/shared/disk.img\0" == data[: 32 + 17]
    assert not any(data[32 + 17 :])


def test_size(tmp_path: Path) -> None:
    """A new disk is as large as header, bitmap and base together, but sparse."""
    disk = tmp_path / "node1.writable"
    cow_disk.create_cow_disk(disk, _create_base(tmp_path), "/shared/disk.img")
    bitmap = 64 * MEGABYTE // 512 // 8
    assert 8192 + bitmap + 64 * MEGABYTE == disk.stat().st_size
    assert disk.stat().st_blocks * 512 < MEGABYTE


def test_existing_disk(tmp_path: Path) -> None:
    """An existing disk is not changed, and no temporary file is left."""
    disk = tmp_path / "node1.writable"
    disk.write_bytes(b"a swarm")
    cow_disk.create_cow_disk(disk, _create_base(tmp_path), "/shared/disk.img")
    assert b"a swarm" == disk.read_bytes()
    assert {"base.img", "node1.writable"} == {path.name for path in tmp_path.iterdir()}
