"""Classroom 50's `result.json`, as its schema `classroom50/result/v1` describes it; for use in its `autograder.py`.

Whose submission it is comes from the variables that its runner gives to every autograder. Scores are whole numbers
there, so fractions of points are counted in smaller coins.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from math import lcm
from typing import Any

from runner.checking.results import Outcome
from runner.errors import HostError, UsageError
from runner.grading.grade_model import Grade, Mark
from runner.grading.reports import student_view

_FORMAT = "classroom50/result/v1"
_FROM_RUNNER = {
    "classroom": "CLASSROOM",
    "assignment": "ASSIGNMENT",
    "owner": "USERNAME",
    "submission": "SUBMISSION_TAG",
    "commit": "COMMIT_URL",
    "release": "RELEASE_URL",
    "review": "REVIEW_URL",
}
_SMALLEST_COIN = 100


def render(grades: Sequence[Grade]) -> str:
    """Return the report.

    Raises:
        HostError: A check could not run; without the file Classroom 50 tells of an error, and of no score.

    """
    (grade,) = (student_view.redact_hidden_checks(one) for one in grades)
    if not grade.is_complete:
        raise HostError(
            f"No report 'classroom50': {student_view.describe_missing_grade(grade)}.", "Have it graded again."
        )
    coin = _coin(mark.points for mark in grade.marks)
    possible = round(grade.score.possible * coin)
    found: dict[str, Any] = {
        "schema": _FORMAT,
        "assignment_type": os.environ.get("ASSIGNMENT_TYPE") or "individual",
        **{key: os.environ[name] for key, name in _FROM_RUNNER.items()},
        "datetime": _written(_committed()),
        "graded_at": _written(datetime.now(UTC)),
        # More than all there would be refused; a bonus can make up for what is missing.
        "score": min(round(grade.score.earned * coin), possible),
        "max-score": possible,
        "tests": [_test(mark, coin) for mark in grade.marks],
    }
    return json.dumps(found, indent=2) + "\n"


def check_environment() -> None:
    """Refuse to be written elsewhere than in an autograder of Classroom 50.

    Raises:
        UsageError: Its variables are missing.

    """
    missing = [name for name in _FROM_RUNNER.values() if not os.environ.get(name)]
    if missing:
        raise UsageError(
            f"A report 'classroom50' needs {', '.join(missing)}, which Classroom 50 sets.",
            "Use it in its autograder.py, or leave it out.",
        )


def _test(mark: Mark, coin: int) -> dict[str, Any]:
    passed = mark.outcome is Outcome.PASSED
    points = round(mark.points * coin)
    return {
        "test-name": student_view.to_single_line(mark.says),
        "passed": passed,
        "score": points if passed else 0,
        "max-score": points,
        "message": "" if passed else student_view.to_single_line(student_view.describe_result(mark)),
    }


def _coin(points: Iterable[float]) -> int:
    """Return what one point is worth, so that all are whole numbers."""
    return lcm(*(Fraction(one).limit_denominator(_SMALLEST_COIN).denominator for one in points))


def _committed() -> datetime:
    """Return when the graded commit was made, by which Classroom 50 tells what is late; now where there is none."""
    # What a stranger's repository has configured must not run anything here.
    asked = ["git", "--no-pager", "-c", "log.showSignature=false", "-c", "core.fsmonitor=false"]
    asked += ["log", "-1", "--format=%ct"]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, check=True)
        return datetime.fromtimestamp(int(done.stdout), UTC)
    except (OSError, subprocess.CalledProcessError, ValueError):
        return datetime.now(UTC)


def _written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
