"""The options of `labs grade` about a class: mistakes are reported before any node starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import class_downloads, helpers


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a tree with a lab, a download of Moodle and one of Canvas, and their rosters."""
    lesson = f"{helpers.FRONT_MATTER}{class_downloads.LESSON_STEPS}"
    helpers.write_lab(tmp_path, lesson, checks=class_downloads.CHECKS)
    class_downloads.write_moodle_zip(tmp_path / "moodle.zip")
    class_downloads.write_moodle_worksheet(tmp_path / "worksheet.csv")
    class_downloads.write_canvas_zip(tmp_path / "canvas.zip")
    (tmp_path / "manual.csv").write_text("learner,points\nunknown-learner,1\n", "utf-8")
    (tmp_path / "two.csv").write_text("login,name\nada,Ada\nAda,Ada\n", "utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "message", "advice"),
    [
        (["--from", "moodle", "none.zip"], "none.zip does not exist", "Name the file or folder that you downloaded"),
        (["--from", "moodle", "moodle.zip", "canvas.zip"], "takes one download, and there are 2", "submissions.zip"),
        (["--from", "moodle", "canvas.zip"], "is not a download from Moodle", "as you downloaded it"),
        (["--from", "moodle", "moodle.zip", "--roster", "none.csv"], "Cannot read none.csv", "Name a CSV file"),
        (["--from", "moodle", "moodle.zip", "--roster", "two.csv"], "lines 2 and 3 have the same login", "Correct"),
        (["--from", "moodle", "moodle.zip", "--manual", "manual.csv"], "manual.csv:2: 'unknown-learner'", "Correct"),
        (["--from", "moodle", "moodle.zip", "--due", "soon"], "'soon' is not a time", "--help"),
        (["--from", "moodle", "moodle.zip", "--grace", "1h"], "'--grace' needs a deadline", "--due"),
        (["--from", "blackboard", "moodle.zip"], "'blackboard' is not one of 'moodle', 'canvas'", ""),
        (["--roster", "worksheet.csv", "labs"], "Found no submission.md. labs contains", "--from"),
    ],
)
def test_usage_errors(arguments: list[str], message: str, advice: str, tree: Path) -> None:
    """A mistake about a class is reported with what to do, exit code 2, and nothing else."""
    result = helpers.run_labs(tree, "grade", *arguments)
    assert (2, "") == (result.returncode, result.stdout), result.stderr
    assert message in " ".join(result.stderr.split())
    assert advice in " ".join(result.stderr.split())


def test_unmatched_submissions_are_listed(tree: Path) -> None:
    """All submissions without a learner are named at once, each with the reason."""
    (tree / "roster.csv").write_text("login,name\nada,Ada Lovelace\nanna,Anna Schmidt\n", "utf-8")
    result = helpers.run_labs(tree, "grade", "--from", "canvas", "canvas.zip", "--roster", "roster.csv")
    assert 2 == result.returncode
    assert "The learners of 26 submissions are not known in roster.csv:" in result.stderr
    assert "2 accounts have the name of 'anna'" in result.stderr
    assert "hoppergrace_2400192_678015_Thumbs.db" not in result.stderr
    assert 26 == result.stderr.count("\n  ")
