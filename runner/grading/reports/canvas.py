"""CSV for the grade book of Canvas: the name of a submission's folder is the student's SIS login.

The columns are those of the Canvas guide 'How do I import grades in the Gradebook?'.
"""

from __future__ import annotations

from collections.abc import Sequence

from runner.grading.grade_model import Grade
from runner.grading.reports import csv_report, report_texts

_STUDENT_COLUMNS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")


def render(grades: Sequence[Grade]) -> str:
    """Return the report; a grade that is not reliable is left empty."""
    # A submission that names no lab has no column.
    labs = list(dict.fromkeys(grade.lab for grade in grades if grade.lab))
    possible = {lab: max(grade.score.possible for grade in grades if grade.lab == lab) for lab in labs}
    earned_by_student: dict[str, dict[str, str]] = {}
    for grade in grades:
        earned_by_student.setdefault(grade.submission, {})[grade.lab] = csv_report.format_earned_points(grade)
    possible_row = ["Points Possible", "", "", "", "", *(report_texts.format_points(possible[lab]) for lab in labs)]
    rows = [
        [student, "", "", student, "", *(earned.get(lab, "") for lab in labs)]
        for student, earned in earned_by_student.items()
    ]
    return csv_report.render_csv([[*_STUDENT_COLUMNS, *labs], possible_row, *rows])
