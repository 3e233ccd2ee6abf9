"""`results.json` for Gradescope, in the format of its page 'Autograder Specifications', section 'Output Format'."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from runner.checking.results import Outcome
from runner.grading.grade_model import Grade, Mark
from runner.grading.reports import report_texts


def render(grades: Sequence[Grade]) -> str:
    """Return the report; without a score, which Gradescope shows as a failed autograder, if the grade is unreliable."""
    (grade,) = (report_texts.redact_hidden_checks(grade) for grade in grades)
    notes = [
        report_texts.describe_learner_values(grade),
        *report_texts.list_remarks(grade),
        *grade.problems,
        report_texts.describe_incomplete_grade(grade),
    ]
    report: dict[str, Any] = {
        "execution_time": round(grade.seconds),
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "output": report_texts.replace_unsafe_chars("\n".join(filter(None, notes))),
        "output_format": "text",
    }
    if grade.is_complete:
        # Without a total, Gradescope would add bonus points to the maximum.
        report |= {"score": round(grade.score.earned, 2), "tests": [_render_test(grade, mark) for mark in grade.marks]}
    return json.dumps(report, indent=2) + "\n"


def _render_test(grade: Grade, mark: Mark) -> dict[str, Any]:
    passed = mark.outcome is Outcome.PASSED
    title = grade.titles.get(mark.step)
    return {
        "name": report_texts.sanitize_to_one_line(f"{title}: {mark.says}" if title else mark.says),
        "name_format": "text",
        "score": round(mark.earned_points, 2),
        "max_score": 0 if mark.bonus else round(mark.points, 2),
        "status": "passed" if passed else "failed",
        "output": "" if passed else report_texts.replace_unsafe_chars(report_texts.explain_unpassed_mark(mark)),
        "output_format": "text",
        "visibility": "visible",
    }
