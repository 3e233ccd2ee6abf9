"""Filling the machines' disk, where something comes in between."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from runner.drivers.uml import image_preload
from runner.drivers.uml.vm import supervisor_client
from runner.status import NullReporter


def test_interrupted_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever presses Ctrl-C again while the machine is ended leaves no machine behind."""
    (tmp_path / "disk.img").touch()
    ended: list[Path] = []

    def launch(_folder: Path) -> None:
        raise KeyboardInterrupt

    def end(folder: Path) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        ended.append(folder)

    monkeypatch.setattr(supervisor_client, "launch", launch)
    monkeypatch.setattr(supervisor_client, "end", end)
    with NullReporter().step("") as tell, pytest.raises(KeyboardInterrupt):
        image_preload.fill(tmp_path, ["nginx:alpine"], tell)
    assert [tmp_path / "filling"] == ended
