"""Grade submissions on this host, each in its own process (`local_worker`)."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from runner import sanitize
from runner.clusters import lifecycle, selection
from runner.errors import BrokenLabError, ExitCode
from runner.grading import grade_model, local_worker
from runner.grading.executor import StatusCallback, make_failed_grade
from runner.grading.grade_model import Grade
from runner.grading.job import Job, PackedJob
from runner.grading.submission_grader import derive_grading_cluster_id
from runner.lessons import catalog
from runner.storage import codec
from runner.subprocess_pool import SubprocessPool

# The time to start and remove nodes twice on a busy host, in addition to the time for the blocks.
_CLUSTER_SECONDS = 900
_MAX_LOG_LINES = 20


@dataclass(slots=True)
class LocalExecutor:
    """Grades on this host; Dask workers use it too, for one submission each.

    Attributes:
        capacity: How many submissions it grades at the same time.
        scratch_folder: Where temporary files go; the system's default if None.

    """

    capacity: int
    scratch_folder: Path | None = None
    _children: SubprocessPool = field(default_factory=SubprocessPool)

    @property
    def is_interrupted(self) -> bool:
        """Whether `interrupt_jobs` was called."""
        return self._children.is_interrupted

    def interrupt_jobs(self) -> None:
        """Interrupt all grading jobs, which then remove their nodes, and start no more jobs."""
        self._children.interrupt_all()

    def grade_job(self, packed: PackedJob, on_status: StatusCallback) -> Grade:
        """Grade a submission in a new process; see `Executor`."""
        job = packed.job
        with tempfile.TemporaryDirectory(prefix=local_worker.SCRATCH_PREFIX, dir=self.scratch_folder) as folder:
            request, answer = Path(folder) / local_worker.REQUEST_FILE, Path(folder) / local_worker.ANSWER_FILE
            request.write_text(codec.encode_json(packed.unpack_into_folder(Path(folder))), "utf-8")
            process, log = self._run_worker(Path(folder), job, on_status)
            if process.returncode < 0:
                # A signal killed the process, so it could not remove its nodes.
                cluster = derive_grading_cluster_id(catalog.load_lab(job.lab, job.learner), packed.snapshot.digest)
                lifecycle.remove_cluster(selection.load_driver(job.driver), cluster)
            if process.returncode == ExitCode.BROKEN_LAB:
                advice = f"Fix it, then run 'labs verify {job.lab}'."
                raise BrokenLabError(f"The lab '{job.lab}' is broken.", advice, log)
            with contextlib.suppress(OSError, ValueError):
                return grade_model.decode_grade_json(answer.read_text("utf-8"))
        return make_failed_grade(job, f"its grading ended with exit status {process.returncode}: {log.strip()}")

    def _run_worker(self, folder: Path, job: Job, on_status: StatusCallback) -> tuple[subprocess.Popen[str], str]:
        """Run the grading process to its end, and return it with the last lines of its output."""
        log: deque[str] = deque(maxlen=_MAX_LOG_LINES)
        argv = [local_worker.__name__, str(folder), str(os.getpid())]
        with self._children.start_module(argv) as process:
            timeout = 2 * job.limits.submission_seconds + _CLUSTER_SECONDS
            with self._children.end_after_timeout(process, timeout):
                assert process.stdout is not None
                for line in process.stdout:
                    log.append(line)
                    on_status(sanitize.strip_control_chars(line.rstrip()))
        return process, "".join(log)
