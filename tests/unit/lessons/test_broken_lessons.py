"""Broken lessons: each case of `problems/*.txt` is a lesson and its expected problems."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.errors import BrokenLabError
from runner.lessons import parse
from tests.support import helpers

CASES = [
    pytest.param(lesson, problems, id=title)
    for file in sorted((Path(__file__).parent / "problems").glob("*.txt"))
    for title, lesson, problems in helpers.read_golden_cases(file)
]


@pytest.mark.parametrize(("lesson", "problems"), CASES)
def test_problems(lesson: str, problems: str, tmp_path: Path) -> None:
    """All problems of a lesson are reported, each on its line, and a lesson without problems is parsed."""
    folder = helpers.write_lab(tmp_path, lesson)
    actual = ""
    try:
        parse.parse_lab(folder)
    except BrokenLabError as error:
        actual = "".join(f"{line}\n" for line in error.message.splitlines()[1:]).replace(f"{folder}/", "")
    assert problems == actual


@pytest.mark.parametrize(
    ("lesson", "first_line"),
    [
        (f"{helpers.FRONT_MATTER}## Look\n", "The lab 'tiny' has a problem:"),
        (f"{helpers.FRONT_MATTER}## Look\n## Find\n", "The lab 'tiny' has 2 problems:"),
    ],
)
def test_first_line(lesson: str, first_line: str, tmp_path: Path) -> None:
    """The error names the lab, counts its problems, and says how to check again."""
    folder = helpers.write_lab(tmp_path, lesson)
    with pytest.raises(BrokenLabError) as caught:
        parse.parse_lab(folder)
    assert (first_line, "Fix the file, then run 'labs lint tiny'.") == (
        caught.value.message.splitlines()[0],
        caught.value.advice,
    )


def test_without_setup(tmp_path: Path) -> None:
    """A missing `setup.sh` is reported together with the problems of the lesson."""
    folder = helpers.write_lab(tmp_path, f"{helpers.FRONT_MATTER}## Look\n")
    (folder / "setup.sh").unlink()
    with pytest.raises(BrokenLabError) as caught:
        parse.parse_lab(folder)
    assert [
        f"{folder}/lesson.md:9: the heading of a step must end with its id, as in '## Title {{#id}}'",
        f"{folder}/setup.sh:1: the file is missing; every lab needs it, even if it is empty",
    ] == caught.value.message.splitlines()[1:]


def test_without_lesson(tmp_path: Path) -> None:
    """A missing `lesson.md` is a problem."""
    with pytest.raises(BrokenLabError) as caught:
        parse.parse_lab(tmp_path / "tiny")
    assert f"The lab 'tiny' has a problem:\n{tmp_path}/tiny/lesson.md:1: the file is missing" == caught.value.message


def test_not_text(tmp_path: Path) -> None:
    """A lesson that is not UTF-8 is a problem of the file, not a crash."""
    folder = helpers.write_lab(tmp_path, "")
    (folder / "lesson.md").write_bytes(b"---\ntitle: caf\xe9\n")
    with pytest.raises(
        BrokenLabError, match=r"lesson\.md:1: cannot read the file: 'utf-8' codec can't decode byte 0xe9"
    ):
        parse.parse_lab(folder)


def test_lesson_that_is_a_folder(tmp_path: Path) -> None:
    """A lesson that cannot be opened is a problem of the file, not a crash."""
    (tmp_path / "tiny" / "lesson.md").mkdir(parents=True)
    with pytest.raises(BrokenLabError, match=r"lesson\.md:1: cannot read the file: .*Is a directory"):
        parse.parse_lab(tmp_path / "tiny")
