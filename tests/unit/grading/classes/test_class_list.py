"""Folders of submissions with a roster: who handed in, who did not, and whose folder is whose."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.errors import ExitCode, UsageError
from runner.grading.class_folder import FoundSubmissions
from runner.grading.classes import class_list, final_grades
from runner.grading.classes.class_list import ClassList
from runner.grading.classes.deadlines import parse_deadline
from tests.support.sample_grades import FAILED, PASSED, make_grade

ROSTER = "login,name,email,extension\nada,Ada Lovelace,ada@x.org,\n-jan,Jan,jan@x.org,2d\ncy,Cy,cy@x.org,\n"


def create_folders(root: Path, *names: str) -> list[Path]:
    """Create submissions, each handed in one day after the one before it."""
    folders = [root / name for name in names]
    for number, folder in enumerate(folders):
        folder.mkdir(parents=True)
        (folder / "submission.md").write_text("---\nlab: tiny\n---\n", "utf-8")
        # The first one is from 2026-11-30, 00:53 UTC.
        seconds = 1_796_000_000 + 86_400 * number
        os.utime(folder / "submission.md", (seconds, seconds))
    return folders


def list_folders(root: Path, *names: str, roster: str = ROSTER, due: str | None = None) -> ClassList:
    """Return a class of folders."""
    (root / "roster.csv").write_text(roster, "utf-8")
    deadline = parse_deadline(due, None, None)
    submissions = FoundSubmissions(tuple(create_folders(root / "class", *names)))
    return class_list.create_folder_list(submissions, root / "roster.csv" if roster else None, deadline, False)


def test_any_identifier(tmp_path: Path) -> None:
    """A folder may have the login, the e-mail address or the name of its learner; the report has the login."""
    members = list_folders(tmp_path, "Ada Lovelace", "jan@x.org")
    assert ["ada", "-jan"] == [source.name for source in members.sources]
    assert ["cy"] == [entry.key for entry in members.missing]


def test_two_folders_of_one_learner(tmp_path: Path) -> None:
    """Nothing says which of two folders of a learner is the latest, so the second one is refused."""
    with pytest.raises(UsageError, match=r"'ada' has handed in '.*Ada Lovelace' too"):
        list_folders(tmp_path, "Ada Lovelace", "ada@x.org")


def test_missing_learners(tmp_path: Path) -> None:
    """Who handed nothing in has a grade with 0 of the points that the others can have, and the exit code is 1."""
    members = list_folders(tmp_path, "ada")
    ada, jan, cy = final_grades.complete_grades([make_grade(PASSED, FAILED)], members)
    assert [(1, 3.5), (0, 3.5), (0, 3.5)] == [(grade.score.earned, grade.score.possible) for grade in (ada, jan, cy)]
    assert [False, True, True] == [grade.is_missing for grade in (ada, jan, cy)]
    assert (ExitCode.INCOMPLETE, True) == (jan.exit_code, jan.is_complete)
    assert ["nothing was handed in"] * 2 == [mark.text for mark in jan.marks]


def test_extension_and_file_times(tmp_path: Path) -> None:
    """The time of the file counts where nothing else is known, and a learner's extension is in the roster."""
    due = "2026-11-30T00:00+00:00"
    members = list_folders(tmp_path, "ada", "-jan", "cy", due=due)
    deadline = parse_deadline(due, None, "10")
    grades = [make_grade(PASSED, submission=name) for name in ("ada", "-jan", "cy")]
    late = {
        grade.submission: [adjustment.comment.partition(":")[0] for adjustment in grade.adjustments]
        for grade in final_grades.complete_grades(grades, members, deadline)
    }
    assert {"ada": ["1 day late"], "-jan": [], "cy": ["3 days late"]} == late


def test_files_of_learners(tmp_path: Path) -> None:
    """To a learner of the roster who handed in an archive or a file without a submission, no report says 'nothing'."""
    folders = create_folders(tmp_path, "ada")
    empty_archives = tuple(tmp_path / name for name in ("Jan.rar", "starter.zip"))
    other_files = tuple(tmp_path / name for name in ("cy@x.org.md", "cy.pdf", "ada.md", "roster.csv"))
    (tmp_path / "roster.csv").write_text(ROSTER, "utf-8")
    submissions = FoundSubmissions(tuple(folders), empty_archives, other_files)
    members = class_list.create_folder_list(submissions, tmp_path / "roster.csv", None, False)
    assert [("ada", "ada"), ("-jan", "Jan.rar"), ("cy", "cy@x.org.md")] == [
        (source.name, source.folder.name) for source in members.sources
    ]
    reason = "the roster has no learner of this name without a submission"
    assert ((), (f"Not graded ({reason}): starter.zip, cy.pdf, ada.md, roster.csv",)) == (
        members.missing,
        members.warnings,
    )


def test_name_of_a_loose_submission(tmp_path: Path) -> None:
    """A learner of the roster may have a file that is named after the learner and the submission."""
    (folder,) = create_folders(tmp_path, "class")
    (tmp_path / "roster.csv").write_text("login,name\n1,One\nada,Ada Lovelace\nbob,Bob\n", "utf-8")
    files = tuple(tmp_path / name for name in ("submission_Ada Lovelace.md", "submission (1).md"))
    submissions = FoundSubmissions((folder.rename(tmp_path / "bob"),), other_files=files)
    members = class_list.create_folder_list(submissions, tmp_path / "roster.csv", None, False)
    assert (["ada", "bob"], ["1"]) == (
        [source.name for source in members.sources],
        [entry.key for entry in members.missing],
    )


def test_files_without_a_roster(tmp_path: Path) -> None:
    """Without a roster, archives next to those of learners are learners, and all other files are named."""
    archive, *others = (tmp_path / name for name in ("dee.tar.zst", "r.csv", "cy.md"))
    archive.touch()
    submissions = FoundSubmissions(tuple(create_folders(tmp_path, "ada")), (archive,), tuple(others))
    members = class_list.create_folder_list(submissions, None, None, False)
    assert ["ada", "dee"] == [source.name for source in members.sources]
    assert ("Not graded (neither a folder nor an archive with a submission): r.csv, cy.md",) == members.warnings


def test_without_a_roster(tmp_path: Path) -> None:
    """Without a roster, the names of the folders are the names in reports, in Unicode's usual form."""
    members = list_folders(tmp_path, "Jose\u0301", "ada", roster="")
    assert (["José", "ada"], ()) == ([source.name for source in members.sources], members.missing)
