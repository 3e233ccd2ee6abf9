"""Grades many submissions, several at a time, and none again that was graded already."""

from __future__ import annotations

import contextlib
import json
import tempfile
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from runner import __version__, paths, subprocess_pool
from runner.errors import BrokenLabError
from runner.grading import grade_model
from runner.grading.collect import take
from runner.grading.executor import Executor, ExecutorError
from runner.grading.grade_model import Grade
from runner.grading.job import Job
from runner.grading.submission import describe_file, digest_of, hash_lines
from runner.lessons import catalog
from runner.storage import atomic


@dataclass(slots=True)
class Batch:
    """Grades jobs.

    Attributes:
        place: Where that is done.
        tell: Called with a job and each line on what is being done for it; from several threads.
        anew: Whether to grade those again that were graded already.

    """

    executor: Executor
    tell: Callable[[Job, str], None]
    force: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _locks: dict[str, threading.Lock] = field(default_factory=dict)
    _fresh: set[str] = field(default_factory=set)

    def grade(self, jobs: Sequence[Job], ended: Callable[[Job, Grade], None]) -> list[Grade]:
        """Grade all jobs; what is done is kept at once, so that an interrupted cohort goes on where it was.

        Args:
            jobs: The submissions.
            ended: Called with what came of each, once it has.

        Returns:
            The grades in the order of the jobs.

        Raises:
            BrokenLabError: The lab or its checks are broken, which no submission can help.
            UnfitPlaceError: No further one can be graded there.

        """
        found: dict[Job, Grade] = {}
        each = subprocess_pool.each(self.executor.jobs, self._grade, jobs, self.executor.interrupt)
        with contextlib.closing(each):
            for job, graded in each:
                found[job] = graded
                ended(job, graded)
        return [found[job] for job in jobs]

    def _grade(self, job: Job) -> tuple[Job, Grade]:
        try:
            return job, _of(job, self._kept_or_asked(job))
        except (BrokenLabError, ExecutorError):
            raise
        except Exception as error:
            # Whatever one submission can bring about must not keep the others from their grades.
            trouble = f"{type(error).__name__}: {error}"
            return job, _of(job, Grade(job.name, job.lab, job.driver, trouble=trouble, version=__version__))

    def _kept_or_asked(self, job: Job) -> Grade:
        hashes = hash_inputs(job)
        kept = _kept(job, hashes)
        # The same work may be handed in twice; it would be graded on a cluster of the same name.
        with self._lock_of(kept.name):
            if kept.exists() and not (self.force and kept.name not in self._fresh):
                with contextlib.suppress(OSError, ValueError):
                    return grade_model.read(json.loads(kept.read_text("utf-8")))
            graded = replace(self.executor.ask(job, hashes, lambda line: self.tell(job, line)), hashes=hashes)
            # Not what has changed while it was graded: nobody knows which of both it was.
            if graded.is_complete and hash_inputs(job) == hashes:
                kept.parent.mkdir(parents=True, exist_ok=True)
                atomic.write_text(kept, json.dumps(graded.as_json()))
                self._fresh.add(kept.name)
            return graded

    def _lock_of(self, name: str) -> threading.Lock:
        with self._lock:
            return self._locks.setdefault(name, threading.Lock())


def _of(job: Job, graded: Grade) -> Grade:
    who = job.learner
    return replace(graded, submission=job.name, folder=str(job.folder), learner=who.id, seed=who.seed)


def hash_inputs(job: Job) -> dict[str, str]:
    """Return the hashes of all that a grade stands on."""
    lab = catalog.load_lab(job.lab, job.learner)
    vocabulary = sorted(path for path in paths.checks_folder().glob("*.py") if not path.name.startswith("test_"))
    with tempfile.TemporaryDirectory() as folder:
        taken = take(job.folder, Path(folder), job.limits)
        submitted = digest_of(taken.text, Path(folder))
    found = {
        "lab": _of_files(lab.folder, lab.folder.rglob("*")),
        "checks": _of_files(paths.checks_folder(), [paths.checks_file(job.lab), *vocabulary]),
        "submission": submitted,
    }
    if job.hidden:
        found["hidden"] = _of_files(job.hidden.parent, [job.hidden])
    if job.learner and lab.values:
        found["values"] = hash_lines(f"{name}={value}\n" for name, value in sorted(lab.values.items()))
    return found


def _of_files(root: Path, files: Iterable[Path]) -> str:
    return hash_lines(describe_file(root, path) for path in sorted(files) if path.is_file())


def _kept(job: Job, hashes: dict[str, str]) -> Path:
    """Return where a grade is kept: under a name that changes with all that it stands on."""
    stands_on = {**hashes, "driver": job.driver, "limits": repr(job.limits), "version": __version__}
    name = hash_lines(f"{key}={stands_on[key]}\n" for key in sorted(stands_on)).removeprefix("sha256:")
    return paths.state_folder() / "grades" / f"{name}.json"
