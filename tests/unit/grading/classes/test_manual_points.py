"""Manual points and comments: a file beside the grades, which grading never changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.errors import UsageError
from runner.grading.classes import manual_points
from runner.grading.classes.roster import RosterEntry
from runner.grading.grade_model import Grade, LearnerIdentity
from tests.support.sample_grades import FAILED, PASSED, make_grade

ENTRIES = (
    RosterEntry("ada", LearnerIdentity("Ada Lovelace", "1", login="ada", email="ada@x.org"), 2),
    RosterEntry("bob", LearnerIdentity("Bob", "2", login="bob"), 3),
)


def add_points(folder: Path, text: str) -> list[Grade]:
    """Return the grades of ada and bob, who have 1 of 3.5 points, with the manual points of a file."""
    file = folder / "manual.csv"
    file.write_text(text, "utf-8")
    grades = [make_grade(PASSED, FAILED, submission=name) for name in ("ada", "bob")]
    points = manual_points.read_manual_points(file, ENTRIES, ("tiny", "other"))
    assert text == file.read_text("utf-8")
    return manual_points.add_manual_points(grades, points)


@pytest.mark.parametrize("learner", ["ada", "ADA", "1", "ada@x.org", "Lovelace, Ada"])
def test_learners(learner: str, tmp_path: Path) -> None:
    """A learner is found by the login, ID, e-mail address or name."""
    ada, bob = add_points(tmp_path, f'learner,points\n"{learner}",0.5\n')
    assert (1.5, 1) == (ada.score.earned, bob.score.earned)


def test_items(tmp_path: Path) -> None:
    """An item with a maximum counts for everyone, with 0 points for those who have none yet; others add points."""
    ada, bob = add_points(tmp_path, "learner;item;points;possible;comment\nada;Report;3;5;Good\nada;;-0,5;;Typos\n")
    assert (3.5, 8.5) == (ada.score.earned, ada.score.possible)
    assert (1, 8.5) == (bob.score.earned, bob.score.possible)
    assert ["Good", "Typos"] == [adjustment.comment for adjustment in ada.adjustments]


def test_comments_and_labs(tmp_path: Path) -> None:
    """A row may have only a comment, and a row for another lab changes nothing."""
    ada, bob = add_points(tmp_path, "learner,points,comment,lab\nada,,Well done,\nbob,5,,other\n")
    assert (1, "Well done", ()) == (ada.score.earned, ada.adjustments[0].comment, bob.adjustments)


def test_quotes(tmp_path: Path) -> None:
    """Quoted cells may contain line breaks, delimiters and quotation marks, and be followed by spaces."""
    text = 'learner,points,comment\n"ada",1,"Well ""done"",\nand on time"\n"bob" ,2,5" too short\n'
    ada, bob = add_points(tmp_path, text)
    assert (2, 'Well "done",\nand on time') == (ada.score.earned, ada.adjustments[0].comment)
    assert (3, '5" too short') == (bob.score.earned, bob.adjustments[0].comment)


def test_never_below_zero(tmp_path: Path) -> None:
    """Points that are taken away end at 0."""
    assert 0 == add_points(tmp_path, "learner,points\nada,-7\n")[0].score.earned


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("learner,points\neve,1\n", "manual.csv:2: 'eve' is not in the roster"),
        ("learner,points\nada,many\n", "manual.csv:2: could not convert string to float: 'many'"),
        ("learner,points\nada,nan\n", "manual.csv:2: 'nan' is not a number of points"),
        ("learner,points,item\nada,1,Report\nada,2,Report\n", "manual.csv:3: 'ada' has points for 'Report' in line 2"),
        ("learner,points,lab\nada,1,tiny\nbob,2,nolab\n", "manual.csv:3: There is no lab 'nolab'"),
        ('learner,points\nbob,2\n"ada,1\n', r'manual.csv:3: a quotation mark \("\) in this row is not closed'),
        ('learner,points\n"ada,1', r'manual.csv:2: a quotation mark \("\) in this row is not closed'),
        ('learner,points\n"ada,1\n"bob",2\n', "manual.csv:2: a quotation mark .* or not at the end of its cell"),
        ('"learner,points\nada,1\n', "manual.csv:1: a quotation mark"),
        ("who,what\nada,1\n", "no columns for the learner and the points"),
    ],
)
def test_mistakes(text: str, message: str, tmp_path: Path) -> None:
    """A mistake is reported with its line, before anything is graded."""
    with pytest.raises(UsageError, match=message):
        add_points(tmp_path, text)
