"""Points, and grades as JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from runner.errors import ExitCode
from runner.grading import grade_model, reports
from tests.support.sample_grades import ALL_GRADES, BONUS, ERROR, FAILED, HIDDEN, PASSED, SKIPPED, make_grade

SCHEMA = json.loads((Path(grade_model.__file__).with_name("grades.schema.json")).read_text("utf-8"))


def test_score() -> None:
    """Passed checks earn points, also above the maximum for a bonus; checks that could not run are open points."""
    score = make_grade(PASSED, FAILED, ERROR, SKIPPED, BONUS, HIDDEN).score
    assert (1.5, 7.5, 1) == (score.earned, score.possible, score.open)


@pytest.mark.parametrize(
    ("grade", "code"),
    [
        (make_grade(PASSED), ExitCode.DONE),
        (make_grade(PASSED, BONUS), ExitCode.DONE),
        (make_grade(PASSED, replace(FAILED, bonus=True)), ExitCode.DONE),
        (make_grade(PASSED, SKIPPED), ExitCode.INCOMPLETE),
        (make_grade(PASSED, FAILED), ExitCode.INCOMPLETE),
        (make_grade(PASSED, ERROR), ExitCode.HOST),
        (make_grade(), ExitCode.HOST),
        (make_grade(trouble="no cluster"), ExitCode.HOST),
    ],
)
def test_exit_code(grade: grade_model.Grade, code: ExitCode) -> None:
    """The exit code is 0 for all points, 1 for fewer, and 4 if a check could not run."""
    assert code is grade.exit_code
    assert (code is not ExitCode.HOST) == grade.is_complete


@pytest.mark.parametrize("number", range(len(ALL_GRADES)))
def test_json_and_back(number: int) -> None:
    """A grade does not change when it is written as JSON and read again, whatever its text."""
    assert ALL_GRADES[number] == grade_model.decode_grade_json(grade_model.encode_grade_json(ALL_GRADES[number]))


def test_lesson_order_is_kept() -> None:
    """Titles and values stay in the order of the lesson."""
    grade = replace(make_grade(PASSED), titles={"z": "First", "a": "Second"}, values={"SIZE": "2", "NAME": "shop"})
    decoded = grade_model.decode_grade_json(grade_model.encode_grade_json(grade))
    assert (["z", "a"], ["SIZE", "NAME"]) == (list(decoded.titles), list(decoded.values))


@pytest.mark.parametrize(
    "data",
    [{}, {"format": "labs-grade/2"}, {"format": "labs-grade/1"}, {**ALL_GRADES[0].to_json_dict(), "marks": [{}]}],
)
def test_not_a_grade(data: dict[str, object]) -> None:
    """Data that is not a grade is refused, instead of counting as a grade without points."""
    with pytest.raises(ValueError, match="labs-grade/1"):
        grade_model.parse_grade_dict(data)


def test_schema() -> None:
    """The report matches its published schema, which accepts no other keys."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    data = json.loads(reports.render_report("json", ALL_GRADES))
    jsonschema.validate(data, SCHEMA)
    data["grades"][0]["marks"][0]["extra"] = 1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, SCHEMA)
