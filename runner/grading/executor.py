"""Where submissions are graded: here, each by a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from runner import __version__, sanitize
from runner.clusters import lifecycle, selection
from runner.errors import BrokenLabError, ExitCode, HostError
from runner.grading import grade_model
from runner.grading.grade_model import Grade
from runner.grading.job import Job
from runner.grading.submission_grader import derive_cluster_id
from runner.lessons import catalog
from runner.storage import codec
from runner.subprocess_pool import Children

# For starting nodes twice and removing them twice, on a host that is busy.
_BESIDE_SECONDS = 900
_LINES_OF_TROUBLE = 20


class ExecutorError(HostError):
    """A place can grade nothing, which is no submission's fault."""


class Executor(Protocol):
    """Somewhere to grade."""

    @property
    def jobs(self) -> int:
        """How many submissions at a time."""
        ...

    def ask(self, job: Job, hashes: Mapping[str, str], tell: Callable[[str], None]) -> Grade:
        """Have a submission graded; called in several threads.

        Args:
            job: The submission.
            hashes: Of all that its grade will stand on.
            tell: Is given a line on what is being done.

        Raises:
            BrokenLabError: The lab or its checks are broken.
            UnfitPlaceError: Nothing can be graded here.
            KeyboardInterrupt: All has been interrupted.

        """
        ...

    def interrupt(self) -> None:
        """Let all that is being graded come to an end, and grade nothing more."""
        ...


@dataclass(slots=True)
class LocalExecutor:
    """The machine that we run on.

    Attributes:
        jobs: How many submissions at a time.

    """

    jobs: int
    _children: Children = field(default_factory=Children)

    @property
    def interrupted(self) -> bool:
        """Whether `interrupt` was called."""
        return self._children.interrupted

    def interrupt(self) -> None:
        """Have all nodes removed, and grade nothing more."""
        self._children.interrupt()

    def ask(self, job: Job, hashes: Mapping[str, str], tell: Callable[[str], None]) -> Grade:
        """Have a submission graded by a process of its own, see `Place`."""
        with tempfile.TemporaryDirectory() as folder:
            asked, answer = Path(folder) / "job.json", Path(folder) / "grade.json"
            asked.write_text(codec.encode_json(job), "utf-8")
            said: list[str] = []
            words = ["runner.grading.local_worker", str(asked), str(answer), str(os.getpid())]
            with self._children.started(words) as process:
                most = 2 * job.limits.submission_seconds + _BESIDE_SECONDS
                with self._children.ended_after(process, most):
                    assert process.stdout is not None
                    for line in process.stdout:
                        said = [*said[-_LINES_OF_TROUBLE:], line]
                        tell(sanitize.strip_control_chars(line.rstrip()))
            if process.returncode < 0:
                # It was killed, and could not put anything in order.
                cluster = derive_cluster_id(catalog.load_lab(job.lab, job.learner), hashes["submission"])
                lifecycle.remove(selection.load_driver(job.driver), cluster)
            if process.returncode == ExitCode.BROKEN_LAB:
                raise BrokenLabError(
                    f"The lab '{job.lab}' itself is broken.", f"Mend it, then 'labs verify {job.lab}'.", "".join(said)
                )
            with contextlib.suppress(OSError, ValueError):
                return grade_model.parse_grade(json.loads(answer.read_text("utf-8")))
        trouble = f"its grading ended with {process.returncode}: {''.join(said).strip()}"
        return Grade(job.name, job.lab, job.driver, trouble=trouble, version=__version__)
