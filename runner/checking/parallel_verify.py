"""Verifies several labs at the same time, each by a `labs verify` of its own."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runner import subprocess_pool
from runner.checking import verify_report
from runner.checking.verify_report import Verified
from runner.errors import ExitCode
from runner.lessons.model import Lab
from runner.subprocess_pool import Children

# The rest is for what the nodes' images are unpacked by, and for everything else on this machine.
SHARE_OF_FREE = 0.7


@dataclass(frozen=True, slots=True)
class Planned:
    """A lab to verify, and the driver it is to be tried on."""

    lab: Lab
    driver: str

    @property
    def memory(self) -> int:
        """How many MB its nodes have for themselves; 0 where they share the host's."""
        return sum(node.memory for node in self.lab.lesson.topology.nodes) if self.driver == "uml" else 0


@dataclass(slots=True)
class SideBySide:
    """Verifies labs, several at a time.

    Attributes:
        jobs: How many at a time.
        tell: Called with a lab's name and each line its verification prints; from several threads.

    """

    jobs: int
    tell: Callable[[str, str], None]
    _children: Children = field(default_factory=Children)

    def verify(self, planned: Sequence[Planned], ended: Callable[[Verified, str], None]) -> list[Verified]:
        """Verify labs, those that take longest first.

        Args:
            planned: The labs.
            ended: Called with what came of each, and all that it printed, once it has ended.

        """
        found = []
        in_order = sorted(planned, key=_longest_first)
        each = subprocess_pool.each(self.jobs, self._verify, in_order, self._children.interrupt)
        with contextlib.closing(each):
            for one, output in each:
                found.append(one)
                ended(one, output)
        return sorted(found, key=lambda one: one.lab)

    def _verify(self, planned: Planned) -> tuple[Verified, str]:
        began = time.monotonic()
        name = planned.lab.name
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.json"
            argv = ["verify", name, "--driver", planned.driver, "--report", str(report)]
            if whose := planned.lab.learner:
                argv += ["--learner", whose.id, "--seed", whose.seed]
            printed: list[str] = []
            with self._children.started(["runner", *argv]) as process:
                assert process.stdout is not None
                for line in process.stdout:
                    printed.append(line)
                    self.tell(name, line.rstrip())
            output = "".join(printed)
            with contextlib.suppress(OSError, ValueError):
                return verify_report.read(json.loads(report.read_text("utf-8")))[0], output
        taken = time.monotonic() - began
        code = process.returncode if process.returncode > 0 else ExitCode.BUG
        return Verified(name, planned.driver, taken, (), output.strip() or "it was ended", code), output


def jobs_for(planned: Sequence[Planned], free_memory: Callable[[], int]) -> int:
    """Return how many labs can be tried at once: as many as there are processors, and as memory holds of the largest.

    Args:
        planned: The labs.
        free_memory: Tells how many MB this machine has left; asked only where nodes have memory of their own.

    """
    at_once = min(len(planned), os.cpu_count() or 1)
    largest = max((one.memory for one in planned), default=0)
    if largest:
        at_once = min(at_once, int(free_memory() * SHARE_OF_FREE) // largest)
    return max(1, at_once)


def _longest_first(planned: Planned) -> tuple[bool, int]:
    # Machines are slower than containers.
    return planned.driver != "uml", -planned.lab.lesson.minutes
