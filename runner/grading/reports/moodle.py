"""A file that Moodle takes into its grade book: the name of a submission's folder is the student's user name.

Moodle's page 'Grade import' lets each column be mapped; these have the names that it maps by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from runner.checking.results import Outcome
from runner.grading.grade_model import Grade
from runner.grading.reports import csv_report, student_view


def render(grades: Sequence[Grade]) -> str:
    """Return the report; a grade that is not to be relied on is left empty."""
    head = ["username", "grade item", "grade", "feedback"]
    rows = [[grade.submission, grade.lab, csv_report.format_earned(grade), _feedback(grade)] for grade in grades]
    return csv_report.render_csv([head, *rows])


def _feedback(grade: Grade) -> str:
    seen = student_view.redact_hidden_checks(grade)
    missing = [
        f"{mark.says}: {student_view.describe_result(mark)}"
        for mark in seen.marks
        if mark.outcome is not Outcome.PASSED
    ]
    return " | ".join(
        [
            student_view.format_score(seen.score),
            *([student_view.describe_missing_grade(seen)] if not seen.is_complete else []),
            *missing,
        ]
    )
