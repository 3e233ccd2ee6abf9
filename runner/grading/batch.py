"""Grade many submissions on an executor, several at a time, and use stored grades for those already graded."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from runner import subprocess_pool
from runner.errors import BrokenLabError, UsageError
from runner.grading import grade_cache, similarity
from runner.grading.executor import Executor, ExecutorError, make_failed_grade
from runner.grading.grade_model import Grade
from runner.grading.job import Job, PackedJob, hash_lab_and_checks, pack_job


@dataclass(frozen=True, slots=True)
class GradedSubmission:
    """The result of one job.

    Attributes:
        grade: Its grade.
        texts: The texts of its files that `similarity` compares.

    """

    grade: Grade
    texts: tuple[str, ...] = ()


@dataclass(slots=True)
class BatchGrader:
    """Grades jobs on any executor.

    Attributes:
        executor: Where they are graded.
        on_status: Called with a job and a line that says what happens to it now; from several threads.
        force: Whether to grade submissions again that have a stored grade.

    """

    executor: Executor
    on_status: Callable[[Job, str], None]
    force: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _key_locks: dict[str, threading.Lock] = field(default_factory=dict)
    _stored_keys: set[str] = field(default_factory=set)

    def grade_jobs(self, jobs: Sequence[Job], on_graded: Callable[[Job, Grade], None]) -> list[GradedSubmission]:
        """Grade all jobs; each grade is stored at once, so that an interrupted batch continues where it stopped.

        Args:
            jobs: The submissions.
            on_graded: Called with each job and its grade as soon as it is graded.

        Returns:
            The results in the order of the jobs.

        Raises:
            BrokenLabError: The lab or its checks are broken, so no submission can be graded.
            ExecutorError: The executor cannot grade any other submission.

        """
        results: dict[Job, GradedSubmission] = {}
        finished = subprocess_pool.map_in_threads(
            self.executor.capacity, self._grade_job, jobs, self.executor.interrupt_jobs
        )
        with contextlib.closing(finished):
            for job, result in finished:
                results[job] = result
                on_graded(job, result.grade)
        return [results[job] for job in jobs]

    def _grade_job(self, job: Job) -> tuple[Job, GradedSubmission]:
        texts: tuple[str, ...] = ()
        folder, notes = str(job.folder), tuple[str, ...]()
        try:
            packed = pack_job(job)
            # Not those of a stored grade: the same files may have been handed in in another way.
            folder, notes = packed.snapshot.folder, packed.snapshot.notes
            texts = similarity.extract_compared_texts(packed.snapshot)
            grade = self._load_or_grade(packed)
        except (BrokenLabError, ExecutorError):
            raise
        except Exception as error:
            # An error that one submission causes must not prevent the others from being graded.
            reason = str(error) if isinstance(error, UsageError) else f"{type(error).__name__}: {error}"
            grade = make_failed_grade(job, reason)
        grade = replace(
            grade,
            submission=job.submission_name,
            folder=folder,
            learner=job.learner.id,
            seed=job.learner.seed,
            notes=notes,
        )
        return job, GradedSubmission(grade, texts)

    def _load_or_grade(self, packed: PackedJob) -> Grade:
        key = grade_cache.derive_grade_key(packed)
        # Two learners may submit the same work. It is graded on a cluster of the same name, so not at the same time.
        with self._lock_key(key):
            stored = grade_cache.load_grade(key) if not self.force or key in self._stored_keys else None
            if stored:
                return stored
            job = packed.job
            grade = self.executor.grade_job(packed, lambda line: self.on_status(job, line))
            grade = replace(grade, hashes=packed.hashes)
            # If the lab was edited meanwhile, it is unknown which version was used.
            if grade.is_complete and hash_lab_and_checks(job.lab, job.learner).items() <= packed.hashes.items():
                grade_cache.store_grade(key, grade)
                self._stored_keys.add(key)
            return grade

    def _lock_key(self, key: str) -> threading.Lock:
        with self._lock:
            return self._key_locks.setdefault(key, threading.Lock())
