"""GitLab's Code Quality report, which a merge request shows beside `submission.md`.

The format is that of GitLab's page 'Code Quality', under 'Code Quality report format'; its reader stops at the first
entry that is not as it must be.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from runner.checking.results import Outcome
from runner.grading import collect
from runner.grading.grade_model import Grade, Mark
from runner.grading.reports import student_view

_PROBLEM = re.compile(rf"{re.escape(collect.SUBMISSION_FILE)}:(\d+): (.*)", re.DOTALL)


def render(grades: Sequence[Grade]) -> str:
    """Return the report; nothing but ASCII, so that no byte order mark can stand in it."""
    return (
        json.dumps(
            [one for grade in map(student_view.redact_hidden_checks, grades) for one in _entries(grade)], indent=2
        )
        + "\n"
    )


def _entries(grade: Grade) -> Iterator[dict[str, Any]]:
    # Two entries with the same fingerprint would be shown as one.
    seen: Counter[tuple[str, ...]] = Counter()
    file = _path(grade)
    for severity, line, description, name, *about in _found(grade):
        told = (file, name, *about)
        seen[told] += 1
        yield {
            "description": student_view.to_single_line(description),
            "check_name": student_view.to_single_line(name),
            "fingerprint": _hash(*told, str(seen[told])),
            "severity": severity,
            "location": {"path": file, "lines": {"begin": line}},
        }


def _found(grade: Grade) -> Iterator[tuple[Any, ...]]:
    """Yield severity, line, description, name, and what tells one from others of the name, also on the next commit."""
    if not grade.is_complete:
        yield "critical", 1, student_view.describe_missing_grade(grade), "labs/complete"
    for problem in grade.problems:
        match = _PROBLEM.fullmatch(problem)
        line, text = (int(match[1]), match[2]) if match else (1, problem)
        yield "minor", line, text, "labs/problem", text
    for run in grade.runs:
        if run.complaint:
            yield "minor", run.line, student_view.describe_block_problem(run), "labs/block", run.node, run.script
    for mark in grade.marks:
        if mark.outcome in (Outcome.FAILED, Outcome.ERROR):
            severity = "major" if mark.outcome is Outcome.FAILED else "info"
            why = f"{mark.says}: {student_view.describe_result(mark) or 'not yet'}"
            yield severity, _line(grade, mark), why, f"labs/{mark.check}"


def _line(grade: Grade, mark: Mark) -> int:
    """Return where the step of a check begins in the submission; its first line where it does not."""
    return next((run.line for run in grade.runs if run.step == mark.step), 1)


def _path(grade: Grade) -> str:
    folder = Path(grade.folder)
    # Relative to the repository, whose root is where jobs begin.
    near = os.path.relpath(folder) if folder.is_absolute() else folder
    return student_view.to_single_line(str(Path(near) / collect.SUBMISSION_FILE))


def _hash(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode("utf-8", "surrogatepass")).hexdigest()
