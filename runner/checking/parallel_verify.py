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
from runner.checking.verify_report import LabVerification
from runner.clusters import selection
from runner.errors import ExitCode
from runner.lessons.model import Lab
from runner.nodes.driver_interface import CapacityPlanner
from runner.subprocess_pool import Children

# The rest is for what the nodes' images are unpacked by, and for everything else on this machine.
FREE_MEMORY_SHARE = 0.7


@dataclass(frozen=True, slots=True)
class VerifyJob:
    """A lab to verify, and the driver it is to be tried on."""

    lab: Lab
    driver: str

    @property
    def memory_mb(self) -> int:
        """How many MB its nodes have for themselves; 0 where they share the host's."""
        driver = selection.load_driver(self.driver)
        return driver.calculate_memory(self.lab.lesson.topology) if isinstance(driver, CapacityPlanner) else 0


@dataclass(slots=True)
class ParallelVerifier:
    """Verifies labs, several at a time.

    Attributes:
        jobs: How many at a time.
        tell: Called with a lab's name and each line its verification prints; from several threads.

    """

    max_parallel: int
    on_line: Callable[[str, str], None]
    _children: Children = field(default_factory=Children)

    def verify_labs(
        self, planned: Sequence[VerifyJob], ended: Callable[[LabVerification, str], None]
    ) -> list[LabVerification]:
        """Verify labs, those that take longest first.

        Args:
            planned: The labs.
            ended: Called with what came of each, and all that it printed, once it has ended.

        """
        found = []
        in_order = sorted(planned, key=_longest_first)
        each = subprocess_pool.each(self.max_parallel, self._verify, in_order, self._children.interrupt)
        with contextlib.closing(each):
            for one, output in each:
                found.append(one)
                ended(one, output)
        return sorted(found, key=lambda one: one.lab)

    def _verify(self, planned: VerifyJob) -> tuple[LabVerification, str]:
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
                    self.on_line(name, line.rstrip())
            output = "".join(printed)
            with contextlib.suppress(OSError, ValueError):
                return verify_report.parse_verify_report(json.loads(report.read_text("utf-8")))[0], output
        taken = time.monotonic() - began
        code = process.returncode if process.returncode > 0 else ExitCode.BUG
        return LabVerification(name, planned.driver, taken, (), output.strip() or "it was ended", code), output


def choose_job_count(planned: Sequence[VerifyJob], free_memory: Callable[[], int]) -> int:
    """Return how many labs can be tried at once: as many as there are processors, and as memory holds of the largest.

    Args:
        planned: The labs.
        free_memory: Tells how many MB this machine has left; asked only where nodes have memory of their own.

    """
    at_once = min(len(planned), os.cpu_count() or 1)
    largest = max((one.memory_mb for one in planned), default=0)
    if largest:
        at_once = min(at_once, int(free_memory() * FREE_MEMORY_SHARE) // largest)
    return max(1, at_once)


def _longest_first(planned: VerifyJob) -> tuple[bool, int]:
    # Nodes with their own memory are VMs, which are slower than containers.
    return planned.memory_mb == 0, -planned.lab.lesson.minutes
