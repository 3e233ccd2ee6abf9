"""What the tests' VMs leave on the host: processes, mounts, sockets and files."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

_CLEANUP_SECONDS = 10


class UmlLeftovers:
    """Lists what a project has on this host.

    Args:
        state: The folder that holds the project's clusters.

    """

    def __init__(self, state: Path) -> None:
        self._state = state

    def cluster_folder(self, lab: str) -> Path:
        """Return the folder of a lab's cluster."""
        return self._state / "machines" / lab

    def list_processes(self) -> dict[int, list[str]]:
        """Return the command lines of all of the project's processes, by process id.

        A sandboxed process has one of our files mounted, even if its command line does not name any.
        """
        processes = {}
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                argv = process.joinpath("cmdline").read_bytes().decode("utf-8", "replace").split("\0")
                mounts = process.joinpath("mountinfo").read_text("utf-8")
                if f"{self._state}/" in mounts or any(word.startswith(f"{self._state}/") for word in argv):
                    processes[int(process.name)] = argv
        return processes

    def find_supervisor(self, lab: str) -> int:
        """Return the process id of a lab's supervisor."""
        return self._find_process(lambda argv: "runner.drivers.uml.vm.supervisor" in argv and "python" in argv[0], lab)

    def find_kernel(self, lab: str, node: str) -> int:
        """Return the process id of a VM's kernel."""
        return self._find_process(lambda argv: argv[0].endswith("linux.uml") and f"umid={node}" in argv, lab)

    def _find_process(self, matches: Callable[[list[str]], bool], lab: str) -> int:
        lab_arguments = (f"labs_lab={lab}", str(self.cluster_folder(lab)))
        return next(
            process
            for process, argv in sorted(self.list_processes().items())
            if matches(argv) and any(word in lab_arguments for word in argv) and _is_pid_1(process)
        )

    def list_namespaces(self) -> set[str]:
        """Return the network and process namespaces of the project's processes, except those of this process."""
        own_namespaces = set(_list_namespaces(os.getpid()))
        return {name for process in self.list_processes() for name in _list_namespaces(process)} - own_namespaces

    def list_sockets(self) -> list[Path]:
        """Return the project's sockets."""
        return [path for path in self._state.rglob("*") if path.is_socket()]

    def list_cluster_folders(self) -> list[Path]:
        """Return the folders of the project's clusters."""
        return list((self._state / "machines").glob("*"))

    def list_all(self) -> list[str]:
        """Return everything that belongs to clusters and does not disappear within a few seconds."""
        deadline = time.monotonic() + _CLEANUP_SECONDS
        while (leftovers := self._list_all()) and time.monotonic() < deadline:
            time.sleep(0.1)
        return leftovers

    def _list_all(self) -> list[str]:
        leftovers = (*self.list_processes().items(), *self.list_sockets(), *self.list_cluster_folders())
        return [*map(str, leftovers), *self.list_mounts()]

    def list_mounts(self) -> list[str]:
        """Return the project's mounts that this process can see."""
        return [line for line in Path("/proc/self/mounts").read_text("utf-8").splitlines() if str(self._state) in line]

    def kill_processes(self) -> None:
        """Kill all of the project's processes."""
        for process in self.list_processes():
            with contextlib.suppress(OSError):
                os.kill(process, signal.SIGKILL)


def _is_pid_1(process: int) -> bool:
    """Return whether a process is PID 1 of its namespace: a kernel itself, and not a process of its VM."""
    with contextlib.suppress(OSError):
        lines = Path(f"/proc/{process}/status").read_text("utf-8").splitlines()
        return next(line.split()[-1] for line in lines if line.startswith("NSpid:")) == "1"
    return False


def _list_namespaces(process: int) -> Iterator[str]:
    for name in ("net", "pid"):
        with contextlib.suppress(OSError):
            yield str(Path(f"/proc/{process}/ns/{name}").readlink())
