"""CSV for spreadsheets: one row per submission, one column per step.

It begins with a byte order mark, because Excel would take the encoding for another one without it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from runner.grading.grade_model import Grade, LearnerIdentity, compute_score
from runner.grading.reports import csv_cells, report_texts
from runner.grading.reports.csv_cells import Identifier

_BYTE_ORDER_MARK = "\ufeff"
_IDENTITY_COLUMNS: dict[str, Callable[[LearnerIdentity], str]] = {
    "name": lambda identity: identity.name,
    "login": lambda identity: Identifier(identity.login),
    "id": lambda identity: Identifier(identity.id),
    "email": lambda identity: Identifier(identity.email),
    "section": lambda identity: identity.section,
}
_NO_IDENTITY = LearnerIdentity()


def render(grades: Sequence[Grade]) -> str:
    """Return the report, in the format of RFC 4180."""
    return render_table(grades, ",", ".")


def render_table(grades: Sequence[Grade], delimiter: str, decimal_point: str) -> str:
    """Return the report.

    Args:
        grades: The grades.
        delimiter: What separates cells.
        decimal_point: What separates decimals; a spreadsheet takes numbers with another one for text or dates.

    """
    csv_cells.check_unique_names(grades)
    visible = [report_texts.redact_hidden_checks(grade) for grade in grades]
    steps = list(dict.fromkeys(step for grade in visible for step in grade.marks_by_step))
    header: list[object] = ["submission", "lab", "earned", "possible", "percent", "complete", *steps, "note"]
    rows: list[list[object]] = [
        [*_list_totals(grade), *_list_step_points(grade, steps), report_texts.describe_incomplete_grade(grade)]
        for grade in visible
    ]
    if any(report_texts.list_remarks(grade) or grade.submitted_at for grade in grades):
        header += ("checks", "remarks", "submitted")
        for row, grade in zip(rows, grades, strict=True):
            checks = report_texts.format_points(grade.check_score.earned) if grade.is_complete else ""
            row += (checks, " | ".join(report_texts.list_remarks(grade)), grade.submitted_at)
    if any(grade.identity for grade in grades):
        header += _IDENTITY_COLUMNS
        for row, grade in zip(rows, grades, strict=True):
            row += (get_value(grade.identity or _NO_IDENTITY) for get_value in _IDENTITY_COLUMNS.values())
    numeric = {"earned", "possible", "percent", "checks", *steps}
    for row in rows:
        for index, column in enumerate(header):
            if column in numeric:
                row[index] = str(row[index]).replace(".", decimal_point)
    return _BYTE_ORDER_MARK + csv_cells.render_csv([header, *rows], delimiter)


def format_earned_points(grade: Grade) -> str:
    """Return the points that a submission earned; empty if they are not reliable."""
    return report_texts.format_points(grade.score.earned) if grade.is_complete else ""


def _list_totals(grade: Grade) -> list[object]:
    score = grade.score
    has_percent = grade.is_complete and score.possible
    percent = report_texts.format_points(100 * score.earned / score.possible) if has_percent else ""
    return [
        Identifier(grade.submission),
        grade.lab,
        format_earned_points(grade),
        report_texts.format_points(score.possible),
        percent,
        "yes" if grade.is_complete else "no",
    ]


def _list_step_points(grade: Grade, steps: Sequence[str]) -> list[str]:
    marks = grade.marks_by_step
    return [report_texts.format_points(compute_score(marks[step]).earned) if step in marks else "" for step in steps]
