"""Tests of the engine checks that run before there is a node image to probe the engine with."""

from __future__ import annotations

import os
import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from runner.drivers.docker import diagnostics
from runner.errors import HostError

Usage = namedtuple("Usage", ["total", "used", "free"])
LOCAL_ENGINE = {"KernelVersion": os.uname().release, "Name": os.uname().nodename}


@pytest.mark.parametrize(
    ("gigabytes", "engine", "is_accepted"),
    [(4, LOCAL_ENGINE, True), (1, LOCAL_ENGINE, False), (1, LOCAL_ENGINE | {"Name": "elsewhere"}, True)],
    ids=["enough space", "too little space", "an engine on another host"],
)
def test_disk_space(
    gigabytes: int, engine: dict[str, str], is_accepted: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An engine of this host whose disk is nearly full is refused with both figures."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(10**10, 0, gigabytes * 10**9))
    info = engine | {"DockerRootDir": str(tmp_path)}
    if is_accepted:
        diagnostics.check_disk_space(info)
        return
    with pytest.raises(HostError, match=f"has 1.0 GB free in {tmp_path}; .* need 3.2 GB"):
        diagnostics.check_disk_space(info)


def test_inaccessible_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An engine whose folder this user may not enter is accepted."""

    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_dir", refuse)
    diagnostics.check_disk_space(LOCAL_ENGINE | {"DockerRootDir": str(tmp_path)})
