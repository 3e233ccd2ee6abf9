"""A second Docker Engine beside the host engine, which a test may fill, stop and kill."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

REQUIRES_ROOT = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("dockerd") or not shutil.which("ip"),
    reason="needs root, dockerd and ip",
)


class SecondEngine:
    """A Docker Engine with its own data folder and network namespace.

    Args:
        folder: The folder for its data, sockets and log.

    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.host = f"unix://{folder}/docker.sock"

    def start(self) -> None:
        """Start the engine and wait until it answers; skip the test if it cannot run on this host."""
        folder = self._folder
        (folder / "daemon.json").write_text("{}", "utf-8")
        argv = ["dockerd", "--config-file", f"{folder}/daemon.json", "--host", self.host]
        argv += ["--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec", "--pidfile", f"{folder}/pid"]
        # In its own network namespace, because a second engine takes over the bridge and firewall rules of the first.
        isolated_argv = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *argv]
        with (folder / "log").open("ab") as log:
            self._process = subprocess.Popen(isolated_argv, stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while self._process.poll() is None and time.monotonic() < deadline:
            probe = subprocess.run(["docker", "--host", self.host, "info"], capture_output=True, check=False)
            if probe.returncode == 0:
                return
            time.sleep(0.2)
        self.stop()
        pytest.skip("a second engine cannot run on this host: " + (folder / "log").read_text("utf-8", "replace")[-300:])

    def stop(self) -> None:
        """Stop the engine and its containers, as a reboot does."""
        assert self._process is not None
        self._process.terminate()
        self._process.wait(60)
        # Some storage drivers mount the data folder over itself and do not unmount it.
        subprocess.run(["umount", "--lazy", f"{self._folder}/data"], capture_output=True, check=False)
