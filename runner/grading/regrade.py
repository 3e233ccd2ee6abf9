"""Compares a grade with what the same submission is worth when it is graded again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from runner.errors import UsageError
from runner.grading import grade_model
from runner.grading.grade_model import Grade
from runner.grading.reports import student_view
from runner.grading.reports.json_report import FORMAT

_CHANGED = {
    "lab": "the lab is another one now",
    "checks": "the checks are others now",
    "submission": "the submission is another one now",
    "hidden": "the hidden checks are others now",
    "values": "the learner's values are others now",
}


def read_graded_report(report: Path) -> list[Grade]:
    """Return the grades in a report.

    Raises:
        UsageError: It cannot be read as one.

    """
    try:
        data = json.loads(report.read_text("utf-8"))
        if data.get("format") != FORMAT:
            raise ValueError(f"it is not {FORMAT}")
        return [grade_model.read(one) for one in data["grades"]]
    except (OSError, ValueError, AttributeError, KeyError, TypeError) as error:
        message = f"{report} is no report that can be audited: {error}."
        raise UsageError(message, "Name one that 'labs grade --report json=FILE' has written.") from None


def compare_grades(before: Sequence[Grade], now: Sequence[Grade]) -> dict[str, list[str]]:
    """Return for each submission in the report what is not as it was; nothing where all is.

    Args:
        before: The grades in the report.
        now: What the submissions that are here have come to.

    """
    found = {(one.submission, one.lab): one for one in now}
    told: dict[str, list[str]] = {}
    for one in before:
        again = found.get((one.submission, one.lab))
        differences = _differences(one, again) if again else ["it is not here to be graded again"]
        told.setdefault(one.submission, []).extend(differences)
    return told


def _differences(before: Grade, now: Grade) -> list[str]:
    said = [words for key, words in _CHANGED.items() if before.hashes.get(key) != now.hashes.get(key)]
    if before.version != now.version:
        said.append(f"labs was {before.version}, and is {now.version}")
    if not now.is_complete:
        return [*said, student_view.describe_missing_grade(now)]
    was = {(mark.hidden, mark.check): mark for mark in before.marks}
    veiled = student_view.redact_hidden_checks(now).marks
    for mark, shown in zip(now.marks, veiled, strict=True):
        old = was.get((mark.hidden, mark.check))
        if old and old.outcome is not mark.outcome:
            said.append(f"{shown.says}: {old.outcome.value}, and now {mark.outcome.value}")
    if before.score != now.score:
        said.append(f"{student_view.format_score(before.score)} points, and now {student_view.format_score(now.score)}")
    return said
