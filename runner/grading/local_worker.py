"""The process that grades one submission, so that nothing a submission makes us read can harm another one's grade.

    python -m runner.grading.local_worker JOB GRADE PARENT

reads a job and writes the grade it has come to, for as long as the process PARENT lives. A line on standard output
tells what is being done.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click

from runner import signals
from runner.clusters import selection
from runner.errors import ExitCode, LabsError
from runner.grading import submission
from runner.grading.job import Job
from runner.grading.submission_grader import SubmissionGrader
from runner.lessons import catalog
from runner.status import DetailCallback
from runner.storage import codec

# A grading takes a tenth of it; a node that answers without end must not take the rest of this machine. What we start
# has the same limit, and so has the kernel of a machine.
_MEMORY_BYTES = 8 << 30
_PR_SET_PDEATHSIG = 1


class _Lines:
    """A story of one line a step, for whoever reads our output."""

    @contextmanager
    def step(self, name: str) -> Iterator[DetailCallback]:
        """Tell a step."""
        _tell(name)
        yield lambda _detail: None


def main() -> int:
    """Grade what the job names and write down what that has come to."""
    _end_with_parent(int(sys.argv[3]))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    signals.raise_on_all()
    asked, answer = Path(sys.argv[1]), Path(sys.argv[2])
    given = codec.decode_json(asked.read_text("utf-8"), Job)
    try:
        lab = catalog.load_lab(given.lab, given.learner)
        with tempfile.TemporaryDirectory(prefix="labs-grade-") as scratch:
            read = submission.parse_submission(given.folder, lab, Path(scratch), given.limits, given.left_out)
            grader = SubmissionGrader(
                lab, selection.load_driver(given.driver), given.limits, given.hidden, _Lines(), _tell
            )
            found = grader.grade(read)
        answer.write_text(json.dumps(found.to_json()), "utf-8")
    except LabsError as error:
        _tell(f"{error.log}\n{error.message} {error.advice}".strip())
        return error.exit_code
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    return ExitCode.DONE


def _tell(line: str) -> None:
    # Whoever has listened may be gone; what is left to do is to put things in order.
    with suppress(BrokenPipeError):
        click.echo(line)


def _end_with_parent(parent: int) -> None:
    """Be told when whoever has started us has ended, however that was: nobody would read what we write."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit(ExitCode.INTERRUPTED)


if __name__ == "__main__":
    sys.exit(main())
