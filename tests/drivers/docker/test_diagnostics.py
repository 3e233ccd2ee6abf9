"""What is told of an engine before there is an image to probe with."""

from __future__ import annotations

import os
import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from runner.drivers.docker import room
from runner.errors import HostError

Usage = namedtuple("Usage", ["total", "used", "free"])
HERE = {"KernelVersion": os.uname().release, "Name": os.uname().nodename}


@pytest.mark.parametrize(
    ("gigabytes", "engine", "fits"),
    [(4, HERE, True), (1, HERE, False), (1, HERE | {"Name": "elsewhere"}, True)],
    ids=["room", "no room", "an engine elsewhere"],
)
def test_disk(
    gigabytes: int, engine: dict[str, str], fits: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An engine of this machine whose disk is all but full is refused with both figures."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(10**10, 0, gigabytes * 10**9))
    info = engine | {"DockerRootDir": str(tmp_path)}
    if fits:
        room.check_disk_space(info)
        return
    with pytest.raises(HostError, match=f"has 1.0 GB free in {tmp_path}; .* need 3.2 GB"):
        room.check_disk_space(info)


def test_closed_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An engine whose folder this user may not look at is not held against it."""

    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_dir", refuse)
    room.check_disk_space(HERE | {"DockerRootDir": str(tmp_path)})
