"""The interface of executors, which grade on this host (`local_executor`) or on a Dask cluster (`dask_executor`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from runner import __version__
from runner.errors import HostError
from runner.grading.grade_model import Grade
from runner.grading.job import Job, PackedJob

StatusCallback = Callable[[str], None]


class ExecutorError(HostError):
    """An executor cannot grade any submission."""


class Executor(Protocol):
    """Grades packed jobs; `batch` chooses them, and handles duplicates, interruptions and failures."""

    @property
    def capacity(self) -> int:
        """How many submissions it grades at the same time."""
        ...

    def grade_job(self, packed: PackedJob, on_status: StatusCallback) -> Grade:
        """Grade a submission and wait for the result; called in several threads.

        Args:
            packed: The submission, with all of its files.
            on_status: Called with a line of text when a new activity starts.

        Returns:
            The grade; the result of `make_failed_grade` if the submission is the reason that it could not be graded.

        Raises:
            BrokenLabError: The lab or its checks are broken.
            ExecutorError: Nothing can be graded here.
            KeyboardInterrupt: `interrupt_jobs` was called.

        """
        ...

    def interrupt_jobs(self) -> None:
        """Stop all grading jobs, wait until their nodes are removed, and start no more jobs."""
        ...


def make_failed_grade(job: Job, reason: str) -> Grade:
    """Return the grade of a submission that could not be graded."""
    return Grade(job.submission_name, job.lab, job.driver, trouble=reason, version=__version__)
