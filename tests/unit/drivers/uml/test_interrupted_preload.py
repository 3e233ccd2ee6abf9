"""Preloading the base disk with images, when it is interrupted."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from runner.drivers.uml import image_preload
from runner.drivers.uml.vm import supervisor_client
from runner.status import NullReporter


def test_second_interrupt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second Ctrl-C while the VM is being stopped does not prevent that, so no VM is left behind."""
    (tmp_path / "disk.img").touch()
    stopped: list[Path] = []

    def start_supervisor(_folder: Path) -> None:
        raise KeyboardInterrupt

    def kill_supervisor(folder: Path) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        stopped.append(folder)

    monkeypatch.setattr(supervisor_client, "start_supervisor", start_supervisor)
    monkeypatch.setattr(supervisor_client, "kill_supervisor", kill_supervisor)
    with NullReporter().report_step("") as report_detail, pytest.raises(KeyboardInterrupt):
        image_preload.preload_images(tmp_path, ["nginx:alpine"], report_detail)
    assert [tmp_path / "preload"] == stopped
