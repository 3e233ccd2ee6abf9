"""Verify several labs at the same time, each in its own `labs verify` process."""

from __future__ import annotations

import contextlib
import json
import math
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runner import subprocess_pool
from runner.checking import verify_report
from runner.checking.memory_queue import MemoryQueue
from runner.checking.verify_report import LabVerification
from runner.clusters import selection
from runner.errors import ExitCode
from runner.lessons.model import Lab
from runner.nodes.driver_capabilities import CapacityPlanner
from runner.subprocess_pool import SubprocessPool

# How much of the free memory nodes may reserve; the rest is for unpacking their images and for other programs.
FREE_MEMORY_SHARE = 0.7
# Verifying a lab is mostly waiting for tasks that start and stop: two labs on VMs used a third of two processors.
_LABS_PER_PROCESSOR = 2


@dataclass(frozen=True, slots=True)
class LabOnDriver:
    """A lab, and the name of the driver that it is to run on."""

    lab: Lab
    driver: str

    @property
    def reserved_memory_mb(self) -> int:
        """The memory in MB that its nodes reserve; 0 if they share the host's memory."""
        driver = selection.load_driver(self.driver)
        return driver.calculate_topology_memory(self.lab.lesson.topology) if isinstance(driver, CapacityPlanner) else 0


def start_every_lab(_job: LabOnDriver) -> str:
    """Refuse no lab."""
    return ""


@dataclass(frozen=True, slots=True)
class ParallelLimits:
    """How much may run at the same time.

    Attributes:
        labs: How many labs.
        memory_mb: How many MB of memory their nodes together may reserve.

    """

    labs: int
    memory_mb: float = math.inf


@dataclass(slots=True)
class ParallelVerifier:
    """Verifies several labs at a time.

    Attributes:
        limits: How many labs at a time.
        on_line: Called with a lab's name and each line that its verification prints, from several threads.
        explain_refusal: Called right before a lab is started, from several threads; returns why it must not be started,
            or an empty text.

    """

    limits: ParallelLimits
    on_line: Callable[[str, str], None]
    explain_refusal: Callable[[LabOnDriver], str] = start_every_lab
    _children: SubprocessPool = field(default_factory=SubprocessPool)

    def verify_labs(
        self, jobs: Sequence[LabOnDriver], on_done: Callable[[LabVerification, str], None]
    ) -> list[LabVerification]:
        """Verify labs, and return the results by lab name.

        Args:
            jobs: The labs, in the order in which to start them, as far as memory allows.
            on_done: Called with the result of each lab, and everything it printed, once it has ended.

        """
        verifications = []
        queue = MemoryQueue(jobs, self.limits.memory_mb, lambda job: job.reserved_memory_mb)
        results = subprocess_pool.map_in_threads(
            self.limits.labs,
            lambda _number: self._verify_next_lab(queue),
            range(len(jobs)),
            self._children.interrupt_all,
        )
        with contextlib.closing(results):
            for verification, output in results:
                verifications.append(verification)
                on_done(verification, output)
        return sorted(verifications, key=lambda verification: verification.lab)

    def _verify_next_lab(self, queue: MemoryQueue[LabOnDriver]) -> tuple[LabVerification, str]:
        with queue.take_job() as job:
            return self._verify_lab(job)

    def _verify_lab(self, job: LabOnDriver) -> tuple[LabVerification, str]:
        started = time.monotonic()
        name = job.lab.name
        if refusal := self.explain_refusal(job):
            return LabVerification(name, job.driver, 0, (), refusal, exit_code=None), ""
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.json"
            argv = ["verify", name, "--driver", job.driver, "--report", str(report)]
            if learner := job.lab.learner:
                argv += ["--learner", learner.id, "--seed", learner.seed]
            lines: list[str] = []
            with self._children.start_module(["runner", *argv]) as process:
                assert process.stdout is not None
                for line in process.stdout:
                    lines.append(line)
                    self.on_line(name, line.rstrip())
            output = "".join(lines)
            with contextlib.suppress(OSError, ValueError):
                return verify_report.parse_verify_report(json.loads(report.read_text("utf-8")))[0], output
        seconds = time.monotonic() - started
        exit_code = process.returncode if process.returncode > 0 else ExitCode.BUG
        error = output.strip() or "the process was killed before it printed anything"
        return LabVerification(name, job.driver, seconds, (), error, exit_code), output


def choose_parallel_limits(
    jobs: Sequence[LabOnDriver], max_labs: int | None, measure_free_memory: Callable[[], int]
) -> ParallelLimits:
    """Return how many labs to verify at a time.

    Args:
        jobs: The labs.
        max_labs: How many at a time, if the user has chosen a number; None for as many as fit this host.
        measure_free_memory: Returns the host's free memory in MB; called only if some nodes reserve memory.

    """
    if max_labs is not None:
        return ParallelLimits(min(len(jobs), max_labs))
    count = min(len(jobs), _LABS_PER_PROCESSOR * (os.cpu_count() or 1))
    if not any(job.reserved_memory_mb for job in jobs):
        return ParallelLimits(count)
    return ParallelLimits(count, measure_free_memory() * FREE_MEMORY_SHARE)


def choose_max_parallel(jobs: Sequence[LabOnDriver], measure_free_memory: Callable[[], int]) -> int:
    """Return how many labs to grade at a time: one per processor, or fewer if memory is too small.

    Memory counts as sufficient if each of the labs may be the largest one.

    Args:
        jobs: The labs.
        measure_free_memory: Returns the host's free memory in MB; called only if some nodes reserve memory.

    """
    count = min(len(jobs), os.cpu_count() or 1)
    largest_mb = max((job.reserved_memory_mb for job in jobs), default=0)
    if largest_mb:
        count = min(count, int(measure_free_memory() * FREE_MEMORY_SHARE) // largest_mb)
    return max(1, count)


def sort_longest_first(jobs: Iterable[LabOnDriver]) -> list[LabOnDriver]:
    """Return the jobs in the order in which all of them are finished soonest."""
    # Nodes with reserved memory are VMs, which are slower than containers.
    return sorted(jobs, key=lambda job: (job.reserved_memory_mb == 0, -job.lab.lesson.minutes))
