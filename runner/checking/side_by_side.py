"""Verifies several labs at the same time, each by a `labs verify` of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from runner.checking import verified
from runner.checking.verified import Verified
from runner.errors import ExitCode
from runner.lessons.model import Lab

# The rest is for what the nodes' images are unpacked by, and for everything else on this machine.
_SHARE_OF_FREE = 0.7


@dataclass(frozen=True, slots=True)
class Planned:
    """A lab to verify, and the driver it is to be tried on."""

    lab: Lab
    driver: str


@dataclass(slots=True)
class SideBySide:
    """Verifies labs, several at a time.

    Attributes:
        jobs: How many at a time.
        tell: Called with a lab's name and each line its verification prints; from several threads.

    """

    jobs: int
    tell: Callable[[str, str], None]
    _running: list[subprocess.Popen[str]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _interrupted: bool = False

    def verify(self, planned: Sequence[Planned], ended: Callable[[Verified, str], None]) -> list[Verified]:
        """Verify labs, those that take longest first.

        An interruption is handed on to what runs, and waits until that has removed its nodes.

        Args:
            planned: The labs.
            ended: Called with what came of each, and all that it printed, once it has ended.

        """
        found = []
        with ThreadPoolExecutor(self.jobs) as pool:
            try:
                futures = [pool.submit(self._verify, one) for one in sorted(planned, key=_longest_first)]
                for future in as_completed(futures):
                    found.append(future.result()[0])
                    ended(*future.result())
            except BaseException:
                self._interrupt()
                pool.shutdown(cancel_futures=True)
                raise
        return sorted(found, key=lambda one: one.lab)

    def _verify(self, planned: Planned) -> tuple[Verified, str]:
        began = time.monotonic()
        name = planned.lab.name
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.json"
            argv = ["verify", name, "--driver", planned.driver, "--report", str(report)]
            printed: list[str] = []
            with self._started(argv) as process:
                assert process.stdout is not None
                for line in process.stdout:
                    printed.append(line)
                    self.tell(name, line.rstrip())
            output = "".join(printed)
            with contextlib.suppress(OSError, ValueError):
                return verified.read(json.loads(report.read_text("utf-8")))[0], output
        taken = time.monotonic() - began
        code = process.returncode if process.returncode > 0 else ExitCode.BUG
        return Verified(name, planned.driver, taken, (), output.strip() or "it was ended", code), output

    def _started(self, argv: Sequence[str]) -> subprocess.Popen[str]:
        with self._lock:
            if self._interrupted:
                raise KeyboardInterrupt
            # In a session of its own a terminal's Ctrl-C reaches it once only, from us.
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "runner", *argv],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            )
            self._running.append(process)
            return process

    def _interrupt(self) -> None:
        with self._lock:
            self._interrupted = True
            for process in self._running:
                if process.poll() is None:
                    process.send_signal(signal.SIGINT)


def jobs_for(planned: Sequence[Planned], free_memory: Callable[[], int]) -> int:
    """Return how many labs can be tried at once: as many as there are processors, and as memory holds of the largest.

    Args:
        planned: The labs.
        free_memory: Tells how many MB this machine has left; asked only where nodes have memory of their own.

    """
    at_once = min(len(planned), os.cpu_count() or 1)
    sizes = [sum(node.memory for node in one.lab.lesson.topology.nodes) for one in planned if one.driver == "uml"]
    if sizes:
        at_once = min(at_once, int(free_memory() * _SHARE_OF_FREE) // max(sizes))
    return max(1, at_once)


def _longest_first(planned: Planned) -> tuple[bool, int]:
    # Machines are slower than containers.
    return planned.driver != "uml", -planned.lab.lesson.minutes
