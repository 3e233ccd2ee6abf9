"""CSV for the grade book of Moodle.

Moodle's page 'Grade import' allows any columns; these have the names that Moodle maps automatically. With a roster, the
first column is the one by which every learner can be found; without one, the name of a submission's folder is the
student's user name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from runner.checking.results import Outcome
from runner.errors import UsageError
from runner.grading.grade_model import Grade, LearnerIdentity
from runner.grading.reports import csv_cells, csv_report, report_texts
from runner.grading.reports.csv_cells import Identifier

_IDENTIFYING_COLUMNS: dict[str, Callable[[LearnerIdentity], str]] = {
    "username": lambda identity: identity.login,
    "email address": lambda identity: identity.email,
    "id number": lambda identity: identity.id,
}


def render(grades: Sequence[Grade]) -> str:
    """Return the report; a grade that is not reliable is left empty.

    Raises:
        UsageError: No column of the roster identifies all learners.

    """
    csv_cells.check_unique_names(grades)
    column, identifiers = _choose_column(grades)
    rows = [
        [Identifier(identifier), grade.lab, csv_report.format_earned_points(grade), _render_feedback(grade)]
        for identifier, grade in zip(identifiers, grades, strict=True)
    ]
    return csv_cells.render_csv([[column, "grade item", "grade", "feedback"], *rows])


def _choose_column(grades: Sequence[Grade]) -> tuple[str, list[str]]:
    """Return the column by which Moodle can find all learners, and the identifiers in it."""
    identities = [grade.identity for grade in grades]
    if not any(identities):
        return "username", [grade.submission for grade in grades]
    for column, get_value in _IDENTIFYING_COLUMNS.items():
        identifiers = [get_value(identity) if identity else "" for identity in identities]
        if all(identifiers):
            return column, identifiers
    name = next(grade.submission for grade in grades if not (grade.identity and grade.identity.login))
    raise UsageError(
        "The report 'moodle' needs a username, an e-mail address or an ID number of every learner, and the roster has "
        f"none of these for all of them ('{report_texts.sanitize_to_one_line(name)}' has no username).",
        "Use a roster with one of these columns, such as the grading worksheet or the participants of the course.",
    )


def _render_feedback(full_grade: Grade) -> str:
    grade = report_texts.redact_hidden_checks(full_grade)
    missing = [
        f"{mark.says}: {report_texts.explain_unpassed_mark(mark)}"
        for mark in grade.marks
        if mark.outcome is not Outcome.PASSED and not grade.is_missing
    ]
    parts = [
        report_texts.format_score(grade.score),
        report_texts.describe_incomplete_grade(grade),
        *report_texts.list_remarks(grade),
        *missing,
    ]
    return " | ".join(filter(None, parts))
