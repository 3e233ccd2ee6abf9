"""GitHub annotations, as workflow commands: print the file in a step, and they stand beside `submission.md`.

The format is that of GitHub's page 'Workflow commands for GitHub Actions'.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePath

from runner.checking.results import Outcome
from runner.grading import collect
from runner.grading.grade_model import Grade
from runner.grading.reports import student_view


def render(grades: Sequence[Grade]) -> str:
    """Return the report; one line an annotation, and none that begins with anything but a command of ours."""
    return "".join(
        f"{line}\n" for grade in map(student_view.redact_hidden_checks, grades) for line in _submission(grade)
    )


def _submission(grade: Grade) -> Iterator[str]:
    file = str(PurePath(grade.folder) / collect.SUBMISSION_FILE)
    for run in grade.runs:
        if run.complaint:
            yield _command(
                "notice", student_view.describe_block_problem(run), file=file, line=str(run.line), title="A block"
            )
    for mark in grade.marks:
        if mark.outcome in (Outcome.FAILED, Outcome.ERROR):
            kind = "error" if mark.outcome is Outcome.FAILED else "warning"
            yield _command(kind, student_view.describe_result(mark) or "not yet", file=file, title=mark.says)
    if not grade.is_complete:
        yield _command("warning", student_view.describe_missing_grade(grade), file=file, title="Not graded to the end")


def _command(kind: str, message: str, **about: str) -> str:
    told = ",".join(f"{key}={_escaped(value).replace(':', '%3A').replace(',', '%2C')}" for key, value in about.items())
    return f"::{kind} {told}::{_escaped(message)}"


def _escaped(text: str) -> str:
    return student_view.to_single_line(text).replace("%", "%25")
