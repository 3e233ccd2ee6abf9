"""A machine's own disk, as the kernel's driver for such files reads it."""

from __future__ import annotations

import os
from pathlib import Path

from runner.drivers.uml.vm import cow_disk

MEGABYTE = 1 << 20


def _base(folder: Path) -> Path:
    path = folder / "base.img"
    with path.open("wb") as handle:
        handle.truncate(64 * MEGABYTE)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    return path


def test_header(tmp_path: Path) -> None:
    """The header names version 3 of the format, the base's time, size and path, and the size of sectors."""
    own = tmp_path / "node1.own"
    cow_disk.make(own, _base(tmp_path), "/shared/disk.img")
    with own.open("rb") as handle:
        data = handle.read(4096)
    expected = "4f4f4f4d 00000003 6553f100 0000000004000000 00000200 00001000 00000000"
    assert bytes.fromhex(expected) + b"/shared/disk.img\0" == data[: 32 + 17]
    assert not any(data[32 + 17 :])


def test_size(tmp_path: Path) -> None:
    """It is as large as header, bitmap and base together, and takes next to no room."""
    own = tmp_path / "node1.own"
    cow_disk.make(own, _base(tmp_path), "/shared/disk.img")
    bitmap = 64 * MEGABYTE // 512 // 8
    assert 8192 + bitmap + 64 * MEGABYTE == own.stat().st_size
    assert own.stat().st_blocks * 512 < MEGABYTE


def test_kept(tmp_path: Path) -> None:
    """A disk that is there stays as it is, and nothing half-made stays beside it."""
    own = tmp_path / "node1.own"
    own.write_bytes(b"a swarm")
    cow_disk.make(own, _base(tmp_path), "/shared/disk.img")
    assert b"a swarm" == own.read_bytes()
    assert {"base.img", "node1.own"} == {path.name for path in tmp_path.iterdir()}
