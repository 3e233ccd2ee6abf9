"""A second engine beside the machine's own, which a test may fill, stop and kill."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

REQUIRES_ROOT = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("dockerd") or not shutil.which("ip"),
    reason="only root can run a second engine, or be somebody else, and only where dockerd and ip are",
)


class SecondEngine:
    """An engine with a disk and a network of its own.

    Args:
        folder: Where all that it has lies.

    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.host = f"unix://{folder}/docker.sock"

    def start(self) -> None:
        """Start it and wait until it answers; skips the test where none can run."""
        folder = self._folder
        (folder / "daemon.json").write_text("{}", "utf-8")
        argv = ["dockerd", "--config-file", f"{folder}/daemon.json", "--host", self.host]
        argv += ["--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec", "--pidfile", f"{folder}/pid"]
        # In a network of its own, for a second engine takes the first one's bridge and rules away.
        alone = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *argv]
        with (folder / "log").open("ab") as log:
            self._process = subprocess.Popen(alone, stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while self._process.poll() is None and time.monotonic() < deadline:
            probe = subprocess.run(["docker", "--host", self.host, "info"], capture_output=True, check=False)
            if probe.returncode == 0:
                return
            time.sleep(0.2)
        self.stop()
        pytest.skip("no second engine can run here: " + (folder / "log").read_text("utf-8", "replace")[-300:])

    def stop(self) -> None:
        """Stop it as a reboot would, containers included."""
        assert self._process is not None
        self._process.terminate()
        self._process.wait(60)
        # Some storage drivers mount the folder over itself and leave it so.
        subprocess.run(["umount", "--lazy", f"{self._folder}/data"], capture_output=True, check=False)
