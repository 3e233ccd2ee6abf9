"""`labs grade` where it cannot even begin: every mistake is told with what to type next."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.cli import _grade_results, grade
from runner.errors import UsageError
from runner.grading.resource_limits import ResourceLimits
from runner.grading.similarity import SimilarPair
from tests import helpers
from tests.grading.grades import PASSED
from tests.grading.grades import grade as graded

LESSON = f"{helpers.FRONT}## Look {{#look}}\n"
CHECKS = "from checks import step\n@step('look')\ndef test_it(nodes):\n    '''It is so.'''\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a tree with a lab and a submission for it."""
    helpers.write_lab(tmp_path, LESSON, checks=CHECKS)
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / "submission.md").write_text("---\nlab: tiny\n---\n", "utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("words", "said", "advice"),
    [
        (["none"], "There is no folder none.", "Name the folder that holds the submission.md."),
        (["labs"], "labs/submission.md does not say which lab it is for.", "Say it with '--lab LAB'"),
        (["ada", "--lab", "tinny"], "There is no lab 'tinny'.", "tiny"),
        (["ada", "--driver", "dokcer"], "There is no driver 'dokcer'.", "docker"),
        (["ada", "--report", "junit"], "'junit' is no report.", "--report json=grades.json"),
        (["ada", "--report", "jnuit=a.xml"], "There is no format of a report 'jnuit'.", "junit"),
        (["ada", "--report", "junit=none/a.xml"], "There is no folder none to write 'a.xml' to.", "mkdir -p none"),
        (["ada", "--report", "pages=labs"], "labs holds files that are of no report 'pages'.", "Name an empty folder."),
        (["ada", "--checks", "."], "There is no test_tiny.py.", "'--checks' names a folder that holds test_tiny.py."),
        (
            ["ada", "--report", "csv=a", "--report", "json=./a"],
            "Two reports would be written to a.",
            "another place for",
        ),
        (["ada", "labs", "--lab", "tiny", "--report", "gradescope=a"], "there are 2", "Name one, or leave it out."),
    ],
)
def test_mistakes(words: list[str], said: str, advice: str, tree: Path) -> None:
    """A mistake on the command line is told before anything is started, and ends with 2."""
    done = helpers.labs(tree, "grade", *words)
    assert (2, "") == (done.returncode, done.stdout)
    assert said in done.stderr
    assert advice in done.stderr


@pytest.mark.parametrize("count", [1, 3])
def test_who_is_alike(count: int, capsys: pytest.CaptureFixture[str]) -> None:
    """A class is shown with who resembles whom, in no more lines than fit; who is graded alone is told nothing."""
    grades = [graded(PASSED, submission=name) for name in ("ada", "bob", "eve")]
    _grade_results.show(grades[:count], [SimilarPair(0, 2, 0.84, 21, ("first \x1b]0;t\x07", "second", "third"))] * 12)
    shown = capsys.readouterr().out
    assert "\x1b]" not in shown
    told = (
        "  ada and eve  84% alike, 21 pieces",
        "      second",
        "  and 2 more pairs, in the reports 'json' and 'pages'",
    )
    assert [count > 1] * 3 == [line in shown.splitlines() for line in told]
    assert "third" not in shown


def test_no_driver(tree: Path) -> None:
    """Where nothing can make nodes that is told, and ends with 4, as what nobody could grade."""
    done = helpers.labs(tree, "grade", "ada", "--driver", "docker")
    assert 4 == done.returncode
    assert "labs doctor" in done.stderr or "engine" in done.stderr


def test_broken_lesson(tree: Path) -> None:
    """A lab that is broken is the lab's fault, and ends with 3."""
    (tree / "labs" / "tiny" / "lesson.md").write_text("---\ntitle: 1\n---\n", "utf-8")
    done = helpers.labs(tree, "grade", "ada")
    assert 3 == done.returncode, done.stderr
    assert "lesson.md:2:" in done.stderr


def test_one_holds_up_no_class(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a class, who does not say which lab it is for is told of in the table, and all others are graded."""
    helpers.own_folders(monkeypatch, tree)
    folders = [tree / name for name in ("ada", "bob", "eve")]
    for folder, text in zip(folders[1:], ("", "---\nlab: nolab\n---\n"), strict=True):
        folder.mkdir()
        (folder / "submission.md").write_text(text, "utf-8")
    jobs, unfit = grade._plan(folders, None, None, None, ResourceLimits())
    assert (["ada"], ["bob", "eve"]) == ([job.name for job in jobs], [one.submission for one in unfit])
    assert all("names no lab that there is" in one.trouble for one in unfit)
    assert ["ada", "bob", "eve"] == [job.name for job in grade._plan(folders, "tiny", None, None, ResourceLimits())[0]]
    with pytest.raises(UsageError, match="None of these submissions"):
        grade._plan(folders[1:], None, None, None, ResourceLimits())


def test_walls_are_not_taken_away_unasked(tree: Path) -> None:
    """A variable that keeps to containers takes no wall away from around strangers' work; the command line may."""
    done = helpers.labs(tree, "grade", "ada", LABS_DRIVER="docker")
    assert 2 == done.returncode
    assert "say '--driver docker' if you trust them" in done.stderr
