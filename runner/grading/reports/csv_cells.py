"""Cells of CSV files: free text that no spreadsheet interprets as a formula, and identifiers that are never changed."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from runner.errors import UsageError
from runner.grading.grade_model import Grade
from runner.grading.reports import report_texts
from runner.grading.sources import normalize_identifier

# Spreadsheets interpret cells that begin like this as formulas.
_FORMULA_START = tuple("=+-@\t\uff1d\uff0b\uff0d\uff20")
# Some locales separate cells by semicolons, so a semicolon could start another cell.
_NEXT_CELL = re.compile(r";(?=\s*[=+\-@])")
# Spreadsheets may show these in another way, but they cannot call anything.
_HARMLESS_IDENTIFIER = re.compile(r"[+\-@][\w.@+\- ]*")


class Identifier(str):
    """Text by which a grade book finds a learner: it is written as it is, or not at all."""

    __slots__ = ()


def render_csv(rows: Iterable[Sequence[object]], delimiter: str = ",") -> str:
    """Return rows as CSV in the format of RFC 4180.

    Raises:
        UsageError: An identifier cannot be written safely without a change.

    """
    output = io.StringIO()
    writer = csv.writer(output, delimiter=delimiter, lineterminator="\r\n")
    writer.writerows([_format_cell(value) for value in row] for row in rows)
    return output.getvalue()


def check_identifier(text: str) -> None:
    """Check that an identifier can be written into a grade book without a change.

    Raises:
        UsageError: It cannot be.

    """
    reason = _find_identifier_problem(normalize_identifier(text))
    if reason:
        shown = report_texts.sanitize_to_one_line(text)
        raise UsageError(
            f"'{shown}' cannot be written into a grade book: {reason}.",
            "Rename the submission's folder as the grade book names the learner, or use '--roster'.",
        )


def check_unique_names(grades: Iterable[Grade]) -> None:
    """Check that no two grades for one lab have the same name: a grade book would keep one of them silently.

    Raises:
        UsageError: Two have.

    """
    counts = Counter((normalize_identifier(grade.submission), grade.lab) for grade in grades)
    for (name, lab), count in counts.items():
        if count > 1:
            shown = report_texts.sanitize_to_one_line(name)
            raise UsageError(
                f"{count} submissions for '{lab}' have the name '{shown}', and a grade book would keep one of them.",
                "Rename the folders as the grade book names the learners.",
            )


def _format_cell(value: object) -> str:
    if isinstance(value, Identifier):
        check_identifier(value)
        return normalize_identifier(value)
    text = _NEXT_CELL.sub(",", report_texts.sanitize_to_one_line(str(value)))
    return f"'{text}" if text.startswith(_FORMULA_START) else text


def _find_identifier_problem(text: str) -> str:
    """Return why an identifier would have to be changed; empty if it need not be."""
    if report_texts.replace_unsafe_chars(text) != text or any(char in text for char in "\n\t"):
        return "it contains an invisible character"
    if text.strip() != text:
        return "it begins or ends with a space"
    if text.startswith(_FORMULA_START) and not _HARMLESS_IDENTIFIER.fullmatch(text):
        return "a spreadsheet would interpret it as a formula"
    if _NEXT_CELL.search(text):
        return "a spreadsheet could interpret what follows the semicolon as a formula"
    return ""
