"""A file that Moodle takes into its grade book: the name of a submission's folder is the student's user name.

Moodle's page 'Grade import' lets each column be mapped; these have the names that it maps by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from runner.checking.outcomes import Outcome
from runner.grading.formats import table, view
from runner.grading.grade import Grade


def render(grades: Sequence[Grade]) -> str:
    """Return the report; a grade that is not to be relied on is left empty."""
    head = ["username", "grade item", "grade", "feedback"]
    rows = [[grade.submission, grade.lab, table.earned(grade), _feedback(grade)] for grade in grades]
    return table.written([head, *rows])


def _feedback(grade: Grade) -> str:
    seen = view.for_students(grade)
    missing = [f"{mark.says}: {view.why(mark)}" for mark in seen.marks if mark.outcome is not Outcome.PASSED]
    return " | ".join([view.of(seen.score), *([view.verdict(seen)] if not seen.complete else []), *missing])
