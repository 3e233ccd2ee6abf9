"""CSV for the grade book of Canvas.

The columns are those of the Canvas guide 'How do I import grades in the Gradebook?'. Canvas looks for a student by ID,
then by SIS User ID, SIS Login ID and name. With a roster, these are the student's own; without one, the name of a
submission's folder is the SIS login.
"""

from __future__ import annotations

from collections.abc import Sequence

from runner.grading.grade_model import Grade
from runner.grading.reports import csv_cells, csv_report, report_texts
from runner.grading.reports.csv_cells import Identifier

_STUDENT_COLUMNS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")


def render(grades: Sequence[Grade]) -> str:
    """Return the report; a grade that is not reliable is left empty."""
    csv_cells.check_unique_names(grades)
    # A submission that names no lab has no column.
    labs = list(dict.fromkeys(grade.lab for grade in grades if grade.lab))
    possible = dict.fromkeys(labs, 0.0)
    earned_by_student: dict[str, dict[str, str]] = {}
    cells_by_student: dict[str, list[object]] = {}
    for grade in grades:
        if grade.lab:
            possible[grade.lab] = max(possible[grade.lab], grade.score.possible)
        earned_by_student.setdefault(grade.submission, {})[grade.lab] = csv_report.format_earned_points(grade)
        cells_by_student[grade.submission] = _list_student_cells(grade)
    possible_row = ["Points Possible", "", "", "", "", *(report_texts.format_points(possible[lab]) for lab in labs)]
    rows = [
        [*cells_by_student[student], *(earned.get(lab, "") for lab in labs)]
        for student, earned in earned_by_student.items()
    ]
    return csv_cells.render_csv([[*_STUDENT_COLUMNS, *labs], possible_row, *rows])


def _list_student_cells(grade: Grade) -> list[object]:
    student = grade.identity
    if student is None:
        return [Identifier(grade.submission), "", "", Identifier(grade.submission), ""]
    return [
        Identifier(student.name or grade.submission),
        Identifier(student.canvas_id),
        Identifier(student.id),
        Identifier(student.login or student.email),
        student.section,
    ]
