"""Compare the grades of a report with the grades that the same submissions get now (`labs grade --audit`)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from runner.errors import UsageError
from runner.grading import grade_model
from runner.grading.grade_model import Grade
from runner.grading.reports import report_texts
from runner.grading.reports.json_report import FORMAT
from runner.grading.sources import normalize_identifier

_CHANGED_INPUTS = {
    "lab": "the lab has changed",
    "checks": "the checks have changed",
    "submission": "the submission has changed",
    "hidden": "the hidden checks have changed",
    "values": "the learner's values have changed",
}


def read_report_grades(report: Path) -> list[Grade]:
    """Return the grades in a report of the format 'json'.

    Raises:
        UsageError: It cannot be read, or has another format.

    """
    try:
        data = json.loads(report.read_text("utf-8"))
        if data.get("format") != FORMAT:
            raise ValueError(f"it is not {FORMAT}")
        return [grade_model.parse_grade_dict(grade) for grade in data["grades"]]
    except (OSError, ValueError, AttributeError, KeyError, TypeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        message = f"{report} is not a report that can be audited: {reason}."
        raise UsageError(message, "Name a report that 'labs grade --report json=FILE' wrote.") from None


def compare_grades(previous: Sequence[Grade], current: Sequence[Grade]) -> dict[str, list[str]]:
    """Return the differences for each submission in a report; an empty list if there are none.

    Args:
        previous: The grades in the report.
        current: The grades that the submissions get now.

    """
    current_by_key = {(grade.submission, grade.lab): grade for grade in current}
    differences: dict[str, list[str]] = {}
    for grade in previous:
        regraded = current_by_key.get((normalize_identifier(grade.submission), grade.lab))
        changes = _list_differences(grade, regraded) if regraded else ["it is missing, so it was not graded again"]
        differences.setdefault(grade.submission, []).extend(changes)
    return differences


def _list_differences(previous: Grade, current: Grade) -> list[str]:
    differences = [text for key, text in _CHANGED_INPUTS.items() if previous.hashes.get(key) != current.hashes.get(key)]
    if previous.version != current.version:
        differences.append(f"labs was version {previous.version}, and is now {current.version}")
    if not current.is_complete:
        return [*differences, report_texts.describe_incomplete_grade(current)]
    previous_marks = {(mark.hidden, mark.check): mark for mark in previous.marks}
    redacted_marks = report_texts.redact_hidden_checks(current).marks
    for mark, redacted in zip(current.marks, redacted_marks, strict=True):
        previous_mark = previous_marks.get((mark.hidden, mark.check))
        if previous_mark and previous_mark.outcome is not mark.outcome:
            differences.append(f"{redacted.says}: was {previous_mark.outcome.value}, is now {mark.outcome.value}")
    # Manual points and penalties are decisions, which the command repeats or not.
    if previous.check_score != current.check_score:
        scores = [report_texts.format_score(grade.check_score) for grade in (previous, current)]
        differences.append(f"had {scores[0]} points, has now {scores[1]}")
    return differences
