"""GitLab's Code Quality report, which a merge request shows next to `submission.md`.

The format is that of GitLab's page 'Code Quality', section 'Code Quality report format'. GitLab stops reading at the
first malformed entry.
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
from runner.grading.grade_model import Grade, Mark
from runner.grading.reports import report_texts
from runner.grading.snapshot import SUBMISSION_FILE

_PROBLEM = re.compile(rf"{re.escape(SUBMISSION_FILE)}:(\d+): (.*)", re.DOTALL)


def render(grades: Sequence[Grade]) -> str:
    """Return the report in ASCII: GitLab does not accept a byte order mark."""
    visible = map(report_texts.redact_hidden_checks, grades)
    return json.dumps([entry for grade in visible for entry in _render_entries(grade)], indent=2) + "\n"


def _render_entries(grade: Grade) -> Iterator[dict[str, Any]]:
    # GitLab shows entries with the same fingerprint as one.
    occurrences: Counter[tuple[str, ...]] = Counter()
    file = _relative_path(grade)
    for severity, line, description, name, *identity in _list_findings(grade):
        key = (file, name, *identity)
        occurrences[key] += 1
        yield {
            "description": report_texts.sanitize_to_one_line(description),
            "check_name": report_texts.sanitize_to_one_line(name),
            "fingerprint": _hash_words(*key, str(occurrences[key])),
            "severity": severity,
            "location": {"path": file, "lines": {"begin": line}},
        }


def _list_findings(grade: Grade) -> Iterator[tuple[Any, ...]]:
    """Yield severity, line, description, name, and what identifies the finding even if its line changes later."""
    if not grade.is_complete:
        yield "critical", 1, report_texts.describe_incomplete_grade(grade), "labs/complete"
    for problem in grade.problems:
        match = _PROBLEM.fullmatch(problem)
        line, text = (int(match[1]), match[2]) if match else (1, problem)
        yield "minor", line, text, "labs/problem", text
    for run in grade.runs:
        if run.complaint:
            yield "minor", run.line, report_texts.describe_block_problem(run), "labs/block", run.node, run.script
    for remark in report_texts.list_remarks(grade):
        yield "info", 1, remark, "labs/remark", remark
    for mark in grade.marks:
        if mark.outcome in (Outcome.FAILED, Outcome.ERROR):
            severity = "major" if mark.outcome is Outcome.FAILED else "info"
            description = f"{mark.says}: {report_texts.explain_unpassed_mark(mark) or 'not yet'}"
            yield severity, _find_step_line(grade, mark), description, f"labs/{mark.check}"


def _find_step_line(grade: Grade, mark: Mark) -> int:
    """Return the line where a check's step begins in the submission; 1 if the submission has no such step."""
    return next((run.line for run in grade.runs if run.step == mark.step), 1)


def _relative_path(grade: Grade) -> str:
    folder = Path(grade.folder)
    # Relative to the root of the repository, where CI jobs start.
    relative = os.path.relpath(folder) if folder.is_absolute() else folder
    return report_texts.sanitize_to_one_line(str(Path(relative) / SUBMISSION_FILE))


def _hash_words(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode("utf-8", "surrogatepass")).hexdigest()
