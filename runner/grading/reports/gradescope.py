"""Gradescope's `results.json`, as its page 'Autograder Specifications' describes it under 'Output Format'."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from runner.checking.results import Outcome
from runner.grading.grade_model import Grade, Mark
from runner.grading.reports import student_view


def render(grades: Sequence[Grade]) -> str:
    """Return the report; one without any score, which Gradescope shows as a failed autograder, if none is to be had."""
    (grade,) = (student_view.redact_hidden_checks(one) for one in grades)
    said = [student_view.describe_values(grade)] if student_view.describe_values(grade) else []
    said += [*grade.problems, *([student_view.describe_missing_grade(grade)] if not grade.is_complete else [])]
    found: dict[str, Any] = {
        "execution_time": round(grade.seconds),
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "output": student_view.replace_unsafe_chars("\n".join(said)),
        "output_format": "text",
    }
    if grade.is_complete:
        # Without it bonus points would count among those that can be reached.
        found |= {"score": round(grade.score.earned, 2), "tests": [_test(grade, mark) for mark in grade.marks]}
    return json.dumps(found, indent=2) + "\n"


def _test(grade: Grade, mark: Mark) -> dict[str, Any]:
    passed = mark.outcome is Outcome.PASSED
    title = grade.titles.get(mark.step)
    return {
        "name": student_view.to_single_line(f"{title}: {mark.says}" if title else mark.says),
        "name_format": "text",
        "score": round(mark.earned, 2),
        "max_score": 0 if mark.bonus else round(mark.points, 2),
        "status": "passed" if passed else "failed",
        "output": "" if passed else student_view.replace_unsafe_chars(student_view.describe_result(mark)),
        "output_format": "text",
        "visibility": "visible",
    }
