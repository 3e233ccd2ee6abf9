"""Comparing a report with the grades that its submissions get now."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runner.checking.results import Outcome
from runner.errors import UsageError
from runner.grading import grade_comparison, reports
from tests.support.sample_grades import ALL_GRADES, ERROR, FAILED, HASHES, HIDDEN, PASSED, make_grade

PREVIOUS = make_grade(PASSED, FAILED, HIDDEN)


def test_same_grade() -> None:
    """The same grade has no differences, however long grading took."""
    assert {"ada": []} == grade_comparison.compare_grades([PREVIOUS], [replace(PREVIOUS, seconds=99, attempts=2)])


def test_other_outcome() -> None:
    """A check with another result is reported, with the points."""
    passed = replace(FAILED, outcome=Outcome.PASSED)
    differences = grade_comparison.compare_grades([PREVIOUS], [make_grade(PASSED, passed, HIDDEN)])
    assert {"ada": ["It is found: was failed, is now passed", "had 1 of 5.5 points, has now 3.5 of 5.5"]} == differences


def test_hidden_check() -> None:
    """A hidden check is reported without its name."""
    passed = replace(HIDDEN, outcome=Outcome.PASSED)
    differences = grade_comparison.compare_grades([PREVIOUS], [make_grade(PASSED, FAILED, passed)])
    assert "Hidden check 1: was failed, is now passed" == differences["ada"][0]


def test_changed_inputs() -> None:
    """Changes of what the grade depends on are reported too."""
    hashes = {**HASHES, "lab": "sha256:other"}
    differences = grade_comparison.compare_grades([PREVIOUS], [replace(PREVIOUS, hashes=hashes, version="2")])
    assert {"ada": ["the lab has changed", "labs was version 1, and is now 2"]} == differences


def test_changed_values() -> None:
    """A submission that was graded with other values is reported."""
    hashes = {**HASHES, "values": "sha256:other"}
    differences = grade_comparison.compare_grades([PREVIOUS], [replace(PREVIOUS, hashes=hashes)])
    assert {"ada": ["the learner's values have changed"]} == differences


def test_no_grade_to_compare() -> None:
    """A submission that is missing, or cannot be graded, is reported as such."""
    assert {"ada": ["it is missing, so it was not graded again"]} == grade_comparison.compare_grades([PREVIOUS], [])
    differences = grade_comparison.compare_grades([PREVIOUS], [make_grade(PASSED, ERROR)])
    assert ["checks worth 1 point could not run, which is neither a pass nor a fail"] == differences["ada"]


def test_read_report(tmp_path: Path) -> None:
    """A report is read as it was written."""
    (tmp_path / "grades.json").write_text(reports.render_report("json", ALL_GRADES), "utf-8")
    assert [*ALL_GRADES] == grade_comparison.read_report_grades(tmp_path / "grades.json")


@pytest.mark.parametrize("text", [None, "", "[]", "{}", '{"format": "labs-grades/1"}', '{"format": "labs-grades/2"}'])
def test_not_a_report(text: str | None, tmp_path: Path) -> None:
    """A file that is not a report is refused, with what to type."""
    if text is not None:
        (tmp_path / "grades.json").write_text(text, "utf-8")
    with pytest.raises(UsageError, match="is not a report that can be audited"):
        grade_comparison.read_report_grades(tmp_path / "grades.json")
