"""The process that grades one submission, so that a malicious submission cannot affect the grades of others.

    python -m runner.grading.local_worker FOLDER PARENT

reads a job from `FOLDER/job.json` and writes its grade to `FOLDER/grade.json`. It stops when the process with the id
PARENT ends. Each line on standard output says what it does.
"""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click

from runner import signals
from runner.clusters import selection
from runner.errors import ExitCode, LabsError
from runner.grading import grade_model, submission
from runner.grading.job import UnpackedJob
from runner.grading.submission_grader import SubmissionGrader
from runner.lessons import catalog
from runner.status import DetailCallback
from runner.storage import codec

REQUEST_FILE, ANSWER_FILE = "job.json", "grade.json"
SCRATCH_PREFIX = "labs-grade-"
# About ten times what a grading needs: a node whose answer never ends must not use up the host's memory. Child
# processes inherit the limit, including the kernel of a VM.
_MEMORY_BYTES = 8 << 30
_PR_SET_PDEATHSIG = 1


class _LineReporter:
    """Reports the status as one line per step."""

    @contextmanager
    def report_step(self, name: str) -> Iterator[DetailCallback]:
        """Print a step's name."""
        _print_line(name)
        yield lambda _detail: None


def main() -> int:
    """Grade the submission, write its grade, and return the exit code."""
    folder, parent = Path(sys.argv[1]), int(sys.argv[2])
    if sys.platform == "linux":
        # macOS has this limit, and refuses to change it.
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    signals.raise_on_termination_signals()
    try:
        _end_with_parent(parent)
        _grade(folder)
    except LabsError as error:
        _print_line(f"{error.log}\n{error.message} {error.advice}".strip())
        return error.exit_code
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    finally:
        # Normally the parent removes the folder, but not if it was killed.
        if os.getppid() != parent and folder.name.startswith(SCRATCH_PREFIX):
            shutil.rmtree(folder, ignore_errors=True)
    return ExitCode.DONE


def _grade(folder: Path) -> None:
    unpacked = codec.decode_json((folder / REQUEST_FILE).read_text("utf-8"), UnpackedJob)
    job = unpacked.job
    lab = catalog.load_lab(job.lab, job.learner)
    parsed = submission.parse_submission(unpacked.snapshot, lab)
    driver = selection.load_driver(job.driver)
    grader = SubmissionGrader(lab, driver, job.limits, job.hidden_checks, _LineReporter(), _print_line)
    grade = grader.grade_submission(parsed)
    (folder / ANSWER_FILE).write_text(grade_model.encode_grade_json(grade), "utf-8")


def _print_line(line: str) -> None:
    # If the reading process has ended, this one must still clean up.
    with suppress(BrokenPipeError):
        click.echo(line)


def _end_with_parent(parent: int) -> None:
    """Receive SIGTERM when the parent process ends for any reason, because no process would read the grade.

    Only Linux provides this. Elsewhere, this process notices it when it ends.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit(ExitCode.INTERRUPTED)


if __name__ == "__main__":
    sys.exit(main())
