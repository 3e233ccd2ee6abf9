"""CSV for the grade book of Moodle: the name of a submission's folder is the student's user name.

Moodle's page 'Grade import' allows any columns; these have the names that Moodle maps automatically.
"""

from __future__ import annotations

from collections.abc import Sequence

from runner.checking.results import Outcome
from runner.grading.grade_model import Grade
from runner.grading.reports import csv_report, report_texts


def render(grades: Sequence[Grade]) -> str:
    """Return the report; a grade that is not reliable is left empty."""
    header = ["username", "grade item", "grade", "feedback"]
    rows = [
        [grade.submission, grade.lab, csv_report.format_earned_points(grade), _render_feedback(grade)]
        for grade in grades
    ]
    return csv_report.render_csv([header, *rows])


def _render_feedback(full_grade: Grade) -> str:
    grade = report_texts.redact_hidden_checks(full_grade)
    missing = [
        f"{mark.says}: {report_texts.explain_unpassed_mark(mark)}"
        for mark in grade.marks
        if mark.outcome is not Outcome.PASSED
    ]
    parts = [report_texts.format_score(grade.score), report_texts.describe_incomplete_grade(grade), *missing]
    return " | ".join(filter(None, parts))
