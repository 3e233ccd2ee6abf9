"""A table for a spreadsheet: a line a submission, a column a step."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

from runner.grading.grade_model import Grade, sum_points
from runner.grading.reports import student_view

# What a spreadsheet would take for a formula.
_NEXT_CELL = re.compile(r";(?=\s*[=+\-@])")
_FORMULA = tuple("=+-@\t\uff1d\uff0b\uff0d\uff20")


def render(grades: Sequence[Grade]) -> str:
    """Return the report, as RFC 4180 has it."""
    seen = [student_view.redact_hidden_checks(grade) for grade in grades]
    steps = list(dict.fromkeys(step for grade in seen for step in grade.marks_by_step))
    head = ["submission", "lab", "earned", "possible", "percent", "complete", *steps, "note"]
    return render_csv(
        [
            head,
            *([*_about(grade), *_by_step(grade, steps), student_view.describe_missing_grade(grade)] for grade in seen),
        ]
    )


def render_csv(rows: Iterable[Sequence[object]]) -> str:
    """Return rows as text that no spreadsheet takes for formulas."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def format_earned(grade: Grade) -> str:
    """Return the points of a grade; nothing where they are not to be relied on."""
    return student_view.format_points(grade.score.earned) if grade.is_complete else ""


def _cell(value: object) -> str:
    # Where lists are separated by semicolons, one would begin another cell.
    text = _NEXT_CELL.sub(",", student_view.to_single_line(str(value)))
    return f"'{text}" if text.startswith(_FORMULA) else text


def _about(grade: Grade) -> list[object]:
    score = grade.score
    percent = (
        student_view.format_points(100 * score.earned / score.possible) if grade.is_complete and score.possible else ""
    )
    return [
        grade.submission,
        grade.lab,
        format_earned(grade),
        student_view.format_points(score.possible),
        percent,
        "yes" if grade.is_complete else "no",
    ]


def _by_step(grade: Grade, steps: Sequence[str]) -> list[str]:
    marks = grade.marks_by_step
    return [student_view.format_points(sum_points(marks[step]).earned) if step in marks else "" for step in steps]
