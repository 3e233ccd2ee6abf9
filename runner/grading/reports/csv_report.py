"""CSV for spreadsheets: one row per submission, one column per step."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

from runner.grading.grade_model import Grade, compute_score
from runner.grading.reports import report_texts

# Spreadsheets interpret cells that begin like this as formulas.
_NEXT_CELL = re.compile(r";(?=\s*[=+\-@])")
_FORMULA_START = tuple("=+-@\t\uff1d\uff0b\uff0d\uff20")


def render(grades: Sequence[Grade]) -> str:
    """Return the report, in the format of RFC 4180."""
    visible = [report_texts.redact_hidden_checks(grade) for grade in grades]
    steps = list(dict.fromkeys(step for grade in visible for step in grade.marks_by_step))
    header = ["submission", "lab", "earned", "possible", "percent", "complete", *steps, "note"]
    rows = [
        [*_list_totals(grade), *_list_step_points(grade, steps), report_texts.describe_incomplete_grade(grade)]
        for grade in visible
    ]
    return render_csv([header, *rows])


def render_csv(rows: Iterable[Sequence[object]]) -> str:
    """Return rows as CSV that no spreadsheet interprets as formulas."""
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\r\n")
    writer.writerows([_escape_cell(value) for value in row] for row in rows)
    return output.getvalue()


def format_earned_points(grade: Grade) -> str:
    """Return the points that a submission earned; empty if they are not reliable."""
    return report_texts.format_points(grade.score.earned) if grade.is_complete else ""


def _escape_cell(value: object) -> str:
    # Some locales separate cells by semicolons, so a semicolon could start another cell.
    text = _NEXT_CELL.sub(",", report_texts.sanitize_to_one_line(str(value)))
    return f"'{text}" if text.startswith(_FORMULA_START) else text


def _list_totals(grade: Grade) -> list[object]:
    score = grade.score
    has_percent = grade.is_complete and score.possible
    percent = report_texts.format_points(100 * score.earned / score.possible) if has_percent else ""
    return [
        grade.submission,
        grade.lab,
        format_earned_points(grade),
        report_texts.format_points(score.possible),
        percent,
        "yes" if grade.is_complete else "no",
    ]


def _list_step_points(grade: Grade, steps: Sequence[str]) -> list[str]:
    marks = grade.marks_by_step
    return [report_texts.format_points(compute_score(marks[step]).earned) if step in marks else "" for step in steps]
