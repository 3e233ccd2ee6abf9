"""A file that Canvas takes into its grade book: the name of a submission's folder is the student's SIS login.

The columns are those of the Canvas guide 'How do I import grades in the Gradebook?'.
"""

from __future__ import annotations

from collections.abc import Sequence

from runner.grading.grade_model import Grade
from runner.grading.reports import csv_report, student_view

_WHO = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")


def render(grades: Sequence[Grade]) -> str:
    """Return the report; a grade that is not to be relied on is left empty."""
    # One that names no lab has no column to stand in.
    labs = list(dict.fromkeys(grade.lab for grade in grades if grade.lab))
    possible = {lab: max(grade.score.possible for grade in grades if grade.lab == lab) for lab in labs}
    rows: dict[str, dict[str, str]] = {}
    for grade in grades:
        rows.setdefault(grade.submission, {})[grade.lab] = csv_report.format_earned(grade)
    points = ["Points Possible", "", "", "", "", *(student_view.format_points(possible[lab]) for lab in labs)]
    told = [[who, "", "", who, "", *(found.get(lab, "") for lab in labs)] for who, found in rows.items()]
    return csv_report.render_csv([[*_WHO, *labs], points, *told])
