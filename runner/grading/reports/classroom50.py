"""`result.json` for Classroom 50, in its format `classroom50/result/v1`; for use in its `autograder.py`.

Environment variables that its runner sets for every autograder identify the submission. Scores are integers there, so
fractions of points are scaled.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from math import lcm
from pathlib import Path
from typing import Any

from runner.checking.results import Outcome
from runner.errors import HostError, UsageError
from runner.grading.commit_time import read_commit_time
from runner.grading.grade_model import Adjustment, Grade, Mark
from runner.grading.reports import report_texts

_FORMAT = "classroom50/result/v1"
_RUNNER_VARIABLES = {
    "classroom": "CLASSROOM",
    "assignment": "ASSIGNMENT",
    "owner": "USERNAME",
    "submission": "SUBMISSION_TAG",
    "commit": "COMMIT_URL",
    "release": "RELEASE_URL",
    "review": "REVIEW_URL",
}
_MAX_DENOMINATOR = 100


def render(grades: Sequence[Grade]) -> str:
    """Return the report.

    Raises:
        HostError: A check could not run. Without the file, Classroom 50 shows an error and no score.

    """
    (grade,) = (report_texts.redact_hidden_checks(grade) for grade in grades)
    if not grade.is_complete:
        reason = report_texts.describe_incomplete_grade(grade)
        raise HostError(f"The report 'classroom50' was not written: {reason}.", "Grade the submission again.")
    amounts = [*(mark.points for mark in grade.marks), *(adjustment.points for adjustment in grade.adjustments)]
    scale = _find_scale([*amounts, *(adjustment.possible for adjustment in grade.adjustments)])
    possible = round(grade.score.possible * scale)
    report: dict[str, Any] = {
        "schema": _FORMAT,
        "assignment_type": os.environ.get("ASSIGNMENT_TYPE") or "individual",
        **{key: os.environ[name] for key, name in _RUNNER_VARIABLES.items()},
        # Classroom 50 decides by the time of the commit what is late.
        "datetime": _format_time(read_commit_time(Path()) or datetime.now(UTC)),
        "graded_at": _format_time(datetime.now(UTC)),
        # A score above the maximum would be refused; bonus points can only make up for missing points.
        "score": min(round(grade.score.earned * scale), possible),
        "max-score": possible,
        "tests": [
            *(_render_test(mark, scale) for mark in grade.marks),
            *(_render_adjustment(adjustment, scale) for adjustment in grade.adjustments),
        ],
    }
    return json.dumps(report, indent=2) + "\n"


def check_environment() -> None:
    """Check that this runs in an autograder of Classroom 50.

    Raises:
        UsageError: Its environment variables are missing.

    """
    missing = [name for name in _RUNNER_VARIABLES.values() if not os.environ.get(name)]
    if missing:
        raise UsageError(
            f"The report 'classroom50' needs the variables {', '.join(missing)}, which Classroom 50 sets.",
            "Use it in autograder.py of Classroom 50, or omit it.",
        )


def _render_test(mark: Mark, scale: int) -> dict[str, Any]:
    passed = mark.outcome is Outcome.PASSED
    points = round(mark.points * scale)
    return {
        "test-name": report_texts.sanitize_to_one_line(mark.says),
        "passed": passed,
        "score": points if passed else 0,
        "max-score": points,
        "message": "" if passed else report_texts.sanitize_to_one_line(report_texts.explain_unpassed_mark(mark)),
    }


def _render_adjustment(adjustment: Adjustment, scale: int) -> dict[str, Any]:
    """Return manual points or a penalty as a test; a test has no negative points, which only the score contains."""
    text = report_texts.describe_adjustment(adjustment)
    return {
        "test-name": text,
        "passed": adjustment.points >= adjustment.possible,
        "score": max(0, round(adjustment.points * scale)),
        "max-score": max(0, round(max(adjustment.possible, adjustment.points) * scale)),
        "message": text,
    }


def _find_scale(points: Iterable[float]) -> int:
    """Return the smallest factor that makes all points integers."""
    return lcm(*(Fraction(number).limit_denominator(_MAX_DENOMINATOR).denominator for number in points))


def _format_time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
