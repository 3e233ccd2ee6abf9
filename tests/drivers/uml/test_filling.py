"""Filling the machines' disk, where something comes in between."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from runner.drivers.uml import control, filling
from runner.story import Silent


def test_interrupted_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever presses Ctrl-C again while the machine is ended leaves no machine behind."""
    (tmp_path / "disk.img").touch()
    ended: list[Path] = []

    def launch(_folder: Path) -> None:
        raise KeyboardInterrupt

    def end(folder: Path) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        ended.append(folder)

    monkeypatch.setattr(control, "launch", launch)
    monkeypatch.setattr(control, "end", end)
    with Silent().step("") as tell, pytest.raises(KeyboardInterrupt):
        filling.fill(tmp_path, ["nginx:alpine"], tell)
    assert [tmp_path / "filling"] == ended
