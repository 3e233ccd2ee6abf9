"""`result.json` for Classroom 50, in its format `classroom50/result/v1`; for use in its `autograder.py`.

Environment variables that its runner sets for every autograder identify the submission. Scores are integers there, so
fractions of points are scaled.
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
    scale = _find_scale(mark.points for mark in grade.marks)
    possible = round(grade.score.possible * scale)
    report: dict[str, Any] = {
        "schema": _FORMAT,
        "assignment_type": os.environ.get("ASSIGNMENT_TYPE") or "individual",
        **{key: os.environ[name] for key, name in _RUNNER_VARIABLES.items()},
        "datetime": _format_time(_read_commit_time()),
        "graded_at": _format_time(datetime.now(UTC)),
        # A score above the maximum would be refused; bonus points can only make up for missing points.
        "score": min(round(grade.score.earned * scale), possible),
        "max-score": possible,
        "tests": [_render_test(mark, scale) for mark in grade.marks],
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


def _find_scale(points: Iterable[float]) -> int:
    """Return the smallest factor that makes all points integers."""
    return lcm(*(Fraction(number).limit_denominator(_MAX_DENOMINATOR).denominator for number in points))


def _read_commit_time() -> datetime:
    """Return the time of the graded commit, by which Classroom 50 decides what is late; now if there is no commit."""
    # These settings prevent a submitted repository from running programs here.
    argv = ["git", "--no-pager", "-c", "log.showSignature=false", "-c", "core.fsmonitor=false"]
    argv += ["log", "-1", "--format=%ct"]
    try:
        result = subprocess.run(argv, capture_output=True, text=True, check=True)
        return datetime.fromtimestamp(int(result.stdout), UTC)
    except (OSError, subprocess.CalledProcessError, ValueError):
        return datetime.now(UTC)


def _format_time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
