"""Problems that prevent a build: each case of `problems/*.txt` is the text of a step and the problems reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.errors import BrokenLabError
from runner.site_builder import build
from tests.support import helpers

CASES = [
    pytest.param(lesson, problems, id=title)
    for file in sorted((Path(__file__).parent / "problems").glob("*.txt"))
    for title, lesson, problems in helpers.read_golden_cases(file)
]


def report_problems(tree: Path) -> str:
    """Return the problems reported for a tree, with paths relative to the labs folder."""
    try:
        build.render_site_files()
    except BrokenLabError as error:
        return "".join(f"{line.rpartition('/labs/')[2]}\n" for line in error.message.splitlines()[1:])
    return ""


@pytest.mark.parametrize(("lesson", "problems"), CASES)
def test_problems(lesson: str, problems: str, tree: Path) -> None:
    """Every problem is reported with its line, and a lesson without problems is built."""
    helpers.write_lab(tree, f"{helpers.FRONT_MATTER}## Look {{#look}}\n{lesson}")
    expected = sorted(problems.splitlines(keepends=True), key=lambda line: int(line.split(":")[1]))
    assert "".join(expected) == report_problems(tree).replace("tiny/", "", 1).replace("\ntiny/", "\n")


def test_glossary(tree: Path) -> None:
    """Problems of the glossary are reported too."""
    helpers.write_lab(tree, f"{helpers.FRONT_MATTER}## Look {{#look}}\n")
    text = "## Raft {#raft}\nSee [quorum](#quorum)\nor [this](gone.md).\n\n"
    text += "## Task\n\n## Rafts {#raft}\n\n## Main {#main}\n"
    (tree / "labs" / "glossary.md").write_text(text, "utf-8")
    assert (
        "glossary.md:2: the link '#quorum' does not match any term\n"
        "glossary.md:3: the link 'gone.md' points to a file that does not exist\n"
        "glossary.md:5: a term's heading must end with its id: '## Term {#id}'\n"
        "glossary.md:7: the id 'raft' is already used\n"
        "glossary.md:9: the id 'main' is reserved by the page\n"
    ) == report_problems(tree)


def test_lessons(tree: Path) -> None:
    """Every lesson that cannot be parsed is reported, not only the first."""
    for name in ("one", "two"):
        helpers.write_lab(tree, f"{helpers.FRONT_MATTER}## Look\n", name=name)
    with pytest.raises(BrokenLabError) as caught:
        build.render_site_files()
    lines = [line.rpartition("/labs/")[2] for line in caught.value.message.splitlines() if ": " in line]
    problem = "lesson.md:9: the heading of a step must end with its id, as in '## Title {#id}'"
    assert [f"one/{problem}", f"two/{problem}"] == lines


def test_not_text(tree: Path) -> None:
    """A glossary that is not valid UTF-8 is reported as a problem of that file."""
    helpers.write_lab(tree, f"{helpers.FRONT_MATTER}## Look {{#look}}\n")
    (tree / "labs" / "glossary.md").write_bytes(b"\xe9")
    assert report_problems(tree).startswith("glossary.md:1: the file cannot be read: 'utf-8' codec can't decode")
