"""GitHub annotations: workflow commands that show messages next to `submission.md` when a step prints this file.

The format is that of GitHub's page 'Workflow commands for GitHub Actions'.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePath

from runner.checking.results import Outcome
from runner.grading.grade_model import Grade
from runner.grading.reports import report_texts
from runner.grading.snapshot import SUBMISSION_FILE


def render(grades: Sequence[Grade]) -> str:
    """Return the report: one line per annotation, and no line that starts with any other workflow command."""
    visible = map(report_texts.redact_hidden_checks, grades)
    return "".join(f"{line}\n" for grade in visible for line in _render_submission(grade))


def _render_submission(grade: Grade) -> Iterator[str]:
    file = str(PurePath(grade.folder) / SUBMISSION_FILE)
    for run in grade.runs:
        if run.complaint:
            problem = report_texts.describe_block_problem(run)
            yield _render_command("notice", problem, file=file, line=str(run.line), title="Shell block")
    for mark in grade.marks:
        if mark.outcome in (Outcome.FAILED, Outcome.ERROR):
            severity = "error" if mark.outcome is Outcome.FAILED else "warning"
            message = report_texts.explain_unpassed_mark(mark) or "not yet"
            yield _render_command(severity, message, file=file, title=mark.says)
    for remark in report_texts.list_remarks(grade):
        yield _render_command("notice", remark, file=file, title="Grade")
    if not grade.is_complete:
        reason = report_texts.describe_incomplete_grade(grade)
        yield _render_command("warning", reason, file=file, title="Not fully graded")


def _render_command(severity: str, message: str, **properties: str) -> str:
    escaped = {key: _escape(value).replace(":", "%3A").replace(",", "%2C") for key, value in properties.items()}
    return f"::{severity} {','.join(f'{key}={value}' for key, value in escaped.items())}::{_escape(message)}"


def _escape(text: str) -> str:
    return report_texts.sanitize_to_one_line(text).replace("%", "%25")
