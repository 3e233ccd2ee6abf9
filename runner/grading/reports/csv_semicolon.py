"""CSV for spreadsheets in languages with a decimal comma, such as German: semicolons separate the cells there."""

from __future__ import annotations

from collections.abc import Sequence

from runner.grading.grade_model import Grade
from runner.grading.reports import csv_report


def render(grades: Sequence[Grade]) -> str:
    """Return the report."""
    return csv_report.render_table(grades, ";", ",")
