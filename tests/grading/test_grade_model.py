"""Points, and grades as data."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from runner.errors import ExitCode
from runner.grading import grade_model, reports
from tests.grading.grades import ALL, BONUS, ERROR, FAILED, HIDDEN, PASSED, SKIPPED
from tests.grading.grades import grade as graded

SCHEMA = json.loads((Path(grade_model.__file__).with_name("grades.schema.json")).read_text("utf-8"))


def test_score() -> None:
    """What passes is earned; a bonus comes on top; what could not run is open, and what is skipped is not earned."""
    score = graded(PASSED, FAILED, ERROR, SKIPPED, BONUS, HIDDEN).score
    assert (1.5, 7.5, 1) == (score.earned, score.possible, score.open)


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (graded(PASSED), ExitCode.DONE),
        (graded(PASSED, BONUS), ExitCode.DONE),
        (graded(PASSED, replace(FAILED, bonus=True)), ExitCode.DONE),
        (graded(PASSED, SKIPPED), ExitCode.INCOMPLETE),
        (graded(PASSED, FAILED), ExitCode.INCOMPLETE),
        (graded(PASSED, ERROR), ExitCode.HOST),
        (graded(), ExitCode.HOST),
        (graded(trouble="no cluster"), ExitCode.HOST),
    ],
)
def test_exit_code(found: grade_model.Grade, code: ExitCode) -> None:
    """All points end with 0, fewer with 1, and what nobody knows with 4."""
    assert code is found.exit_code
    assert (code is not ExitCode.HOST) == found.is_complete


@pytest.mark.parametrize("number", range(len(ALL)))
def test_json_and_back(number: int) -> None:
    """A grade survives being written as JSON and read again, whatever is in it."""
    assert ALL[number] == grade_model.parse_grade(json.loads(json.dumps(ALL[number].to_json())))


@pytest.mark.parametrize(
    "data", [{}, {"format": "labs-grade/2"}, {"format": "labs-grade/1"}, {**ALL[0].to_json(), "marks": [{}]}]
)
def test_no_grade(data: dict[str, object]) -> None:
    """What is no grade is refused, and not taken for one of no points."""
    with pytest.raises(ValueError, match="labs-grade/1"):
        grade_model.parse_grade(data)


def test_schema() -> None:
    """The report is what its published schema says, and the schema lets nothing else pass."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    data = json.loads(reports.render_report("json", ALL))
    jsonschema.validate(data, SCHEMA)
    data["grades"][0]["marks"][0]["extra"] = 1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, SCHEMA)
