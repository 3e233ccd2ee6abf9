"""What the tests' machines are to the host: processes, mounts, sockets and files."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

_FULL_SECONDS = 10


class Left:
    """What a project has on this machine.

    Args:
        state: The folder that holds all of it.

    """

    def __init__(self, state: Path) -> None:
        self._state = state

    def folder(self, lab: str) -> Path:
        """Return the folder of a lab's cluster."""
        return self._state / "machines" / lab

    def processes(self) -> dict[int, list[str]]:
        """Return the command lines of all processes that belong to it, by their numbers.

        Whatever runs in a jail has one of our files mounted there, however little its command line tells.
        """
        found = {}
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                words = process.joinpath("cmdline").read_bytes().decode("utf-8", "replace").split("\0")
                mounts = process.joinpath("mountinfo").read_text("utf-8")
                if f"{self._state}/" in mounts or any(word.startswith(f"{self._state}/") for word in words):
                    found[int(process.name)] = words
        return found

    def supervisor(self, lab: str) -> int:
        """Return the number of a lab's supervisor."""
        return self._first(lambda words: "runner.drivers.uml.vm.supervisor" in words and "python" in words[0], lab)

    def kernel(self, lab: str, node: str) -> int:
        """Return the number of a machine's kernel."""
        return self._first(lambda words: words[0].endswith("linux.uml") and f"umid={node}" in words, lab)

    def _first(self, fits: Callable[[list[str]], bool], lab: str) -> int:
        ours = (f"labs_lab={lab}", str(self.folder(lab)))
        return next(
            number
            for number, words in sorted(self.processes().items())
            if fits(words) and any(word in ours for word in words) and _is_first(number)
        )

    def namespaces(self) -> set[str]:
        """Return the network and process namespaces that its processes are in, and this one is not."""
        own = set(_namespaces(os.getpid()))
        return {name for process in self.processes() for name in _namespaces(process)} - own

    def sockets(self) -> list[Path]:
        """Return its sockets."""
        return [path for path in self._state.rglob("*") if path.is_socket()]

    def disks(self) -> list[Path]:
        """Return what its machines have written."""
        return list((self._state / "machines").glob("*"))

    def everything(self) -> list[str]:
        """Return all that belongs to clusters, as far as it has not gone within moments."""
        deadline = time.monotonic() + _FULL_SECONDS
        while (found := self._everything()) and time.monotonic() < deadline:
            time.sleep(0.1)
        return found

    def _everything(self) -> list[str]:
        return [*map(str, (*self.processes().items(), *self.sockets(), *self.disks())), *self.mounts()]

    def mounts(self) -> list[str]:
        """Return the mounts it has where this process can see them."""
        return [line for line in Path("/proc/self/mounts").read_text("utf-8").splitlines() if str(self._state) in line]

    def clear(self) -> None:
        """End what runs in spite of all."""
        for process in self.processes():
            with contextlib.suppress(OSError):
                os.kill(process, signal.SIGKILL)


def _is_first(process: int) -> bool:
    """Whether it is the first process of its namespace: a kernel itself, and not one that bears a process inside."""
    with contextlib.suppress(OSError):
        lines = Path(f"/proc/{process}/status").read_text("utf-8").splitlines()
        return next(line.split()[-1] for line in lines if line.startswith("NSpid:")) == "1"
    return False


def _namespaces(process: int) -> Iterator[str]:
    for kind in ("net", "pid"):
        with contextlib.suppress(OSError):
            yield str(Path(f"/proc/{process}/ns/{kind}").readlink())
