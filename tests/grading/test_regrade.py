"""A report, held against what the submissions are worth today."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runner.checking.results import Outcome
from runner.errors import UsageError
from runner.grading import regrade, reports
from tests.grading.grades import ALL, ERROR, FAILED, HASHES, HIDDEN, PASSED, grade

WAS = grade(PASSED, FAILED, HIDDEN)


def test_as_it_was() -> None:
    """A grade that is the same again is told as that, however long it took."""
    assert {"ada": []} == regrade.compare_grades([WAS], [replace(WAS, seconds=99, attempts=2)])


def test_other_outcome() -> None:
    """A check that ends otherwise is told, with the points."""
    passed = replace(FAILED, outcome=Outcome.PASSED)
    assert {
        "ada": ["It is found: failed, and now passed", "1 of 5.5 points, and now 3.5 of 5.5"]
    } == regrade.compare_grades([WAS], [grade(PASSED, passed, HIDDEN)])


def test_hidden_check() -> None:
    """A hidden check is told of without its name."""
    told = regrade.compare_grades([WAS], [grade(PASSED, FAILED, replace(HIDDEN, outcome=Outcome.PASSED))])
    assert "Hidden check 1: failed, and now passed" == told["ada"][0]


def test_other_ground() -> None:
    """What the grade stands on is compared too."""
    hashes = {**HASHES, "lab": "sha256:other"}
    assert {"ada": ["the lab is another one now", "labs was 1, and is 2"]} == regrade.compare_grades(
        [WAS], [replace(WAS, hashes=hashes, version="2")]
    )


def test_other_values() -> None:
    """Who was graded with other values is told so."""
    hashes = {**HASHES, "values": "sha256:other"}
    assert {"ada": ["the learner's values are others now"]} == regrade.compare_grades(
        [WAS], [replace(WAS, hashes=hashes)]
    )


def test_not_to_be_compared() -> None:
    """A submission that is not here, or cannot be graded, is told as that."""
    assert {"ada": ["it is not here to be graded again"]} == regrade.compare_grades([WAS], [])
    told = regrade.compare_grades([WAS], [grade(PASSED, ERROR)])
    assert ["checks worth 1 point could not run, which is neither a pass nor a fail"] == told["ada"]


def test_read(tmp_path: Path) -> None:
    """A report that was written is read as it was."""
    (tmp_path / "grades.json").write_text(reports.render_report("json", ALL), "utf-8")
    assert [*ALL] == regrade.read_graded_report(tmp_path / "grades.json")


@pytest.mark.parametrize("text", [None, "", "[]", "{}", '{"format": "labs-grades/1"}', '{"format": "labs-grades/2"}'])
def test_no_report(text: str | None, tmp_path: Path) -> None:
    """What is no report is refused, with what to type."""
    if text is not None:
        (tmp_path / "grades.json").write_text(text, "utf-8")
    with pytest.raises(UsageError, match="no report that can be audited"):
        regrade.read_graded_report(tmp_path / "grades.json")
