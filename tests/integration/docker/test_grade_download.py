"""A class of thirty, as Moodle and as Canvas hand it out, is graded on real nodes with the right figures."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.support import class_downloads, helpers
from tests.support.labs_command import LabsRunner

MEMBERS = class_downloads.list_members()


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the lab of the class, its downloads and its rosters."""
    folder = tmp_path_factory.mktemp("class")
    lesson = f"{helpers.FRONT_MATTER}{class_downloads.LESSON_STEPS}"
    helpers.write_lab(folder, lesson, checks=class_downloads.CHECKS)
    class_downloads.write_moodle_zip(folder / "moodle.zip")
    class_downloads.write_moodle_worksheet(folder / "moodle.csv")
    class_downloads.write_canvas_zip(folder / "canvas.zip")
    class_downloads.write_canvas_grade_book(folder / "canvas.csv")
    return folder


@pytest.mark.parametrize(("system", "learner_column", "points_column"), [("moodle", 0, 2), ("canvas", 3, 5)])
def test_from_download_to_grade_book(
    system: str, learner_column: int, points_column: int, tree: Path, labs: LabsRunner
) -> None:
    """Every learner of the roster gets the points of their submission under the identifier of the grade book."""
    grade_book = tree / f"{system}-grades.csv"
    arguments = ("--from", system, str(tree / f"{system}.zip"), "--roster", str(tree / f"{system}.csv"))
    variables = {"LABS_ROOT": str(tree), "XDG_STATE_HOME": str(tree / "state")}
    report = f"{system}={grade_book}"
    result = labs("grade", *arguments, "--driver", "docker", "--report", report, env=variables, timeout=1200)
    assert 1 == result.returncode, result.stderr
    with grade_book.open(encoding="utf-8", newline="") as stream:
        rows = {row[learner_column]: row[points_column] for row in csv.reader(stream)}
    expected = {member.login: str(0 if member.is_missing else member.points) for member in MEMBERS}
    assert expected == {login: points for login, points in rows.items() if login in expected}
    assert "27 graded, 3 without a submission" in result.stdout
