"""What keeps the site from being built: each case of `problems/*.txt` is a step and all that is said of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.errors import BrokenLabError
from runner.site_builder import build
from tests import helpers

CASES = [
    pytest.param(lesson, problems, id=title)
    for file in sorted((Path(__file__).parent / "problems").glob("*.txt"))
    for title, lesson, problems in helpers.cases(file)
]


def told(tree: Path) -> str:
    """Return what is said of a tree, with no more of paths than the file's name."""
    try:
        build.files()
    except BrokenLabError as error:
        return "".join(f"{line.rpartition('/labs/')[2]}\n" for line in error.message.splitlines()[1:])
    return ""


@pytest.mark.parametrize(("lesson", "problems"), CASES)
def test_problems(lesson: str, problems: str, tree: Path) -> None:
    """All that is wrong is told, each on its line, and a lesson without problems is built."""
    helpers.write_lab(tree, f"{helpers.FRONT}## Look {{#look}}\n{lesson}")
    in_order = sorted(problems.splitlines(keepends=True), key=lambda line: int(line.split(":")[1]))
    assert "".join(in_order) == told(tree).replace("tiny/", "", 1).replace("\ntiny/", "\n")


def test_glossary(tree: Path) -> None:
    """What is wrong with the glossary is told with the rest."""
    helpers.write_lab(tree, f"{helpers.FRONT}## Look {{#look}}\n")
    text = "## Raft {#raft}\nSee [quorum](#quorum)\nor [this](gone.md).\n\n"
    text += "## Task\n\n## Rafts {#raft}\n\n## Main {#main}\n"
    (tree / "labs" / "glossary.md").write_text(text, "utf-8")
    assert (
        "glossary.md:2: the link '#quorum' leads to no term\n"
        "glossary.md:3: the link 'gone.md' leads to no file\n"
        "glossary.md:5: a term's heading ends with its id: '## Term {#id}'\n"
        "glossary.md:7: the id 'raft' is taken already\n"
        "glossary.md:9: the id 'main' is the page's own\n"
    ) == told(tree)


def test_lessons(tree: Path) -> None:
    """Lessons that cannot be read are all told, and not only the first."""
    for name in ("one", "two"):
        helpers.write_lab(tree, f"{helpers.FRONT}## Look\n", name=name)
    with pytest.raises(BrokenLabError) as caught:
        build.files()
    lines = [line.rpartition("/labs/")[2] for line in caught.value.message.splitlines() if ": " in line]
    wanted = "lesson.md:9: a step's heading ends with its id: '## Title {#id}'"
    assert [f"one/{wanted}", f"two/{wanted}"] == lines


def test_not_text(tree: Path) -> None:
    """A glossary that is no text is a problem of its file."""
    helpers.write_lab(tree, f"{helpers.FRONT}## Look {{#look}}\n")
    (tree / "labs" / "glossary.md").write_bytes(b"\xe9")
    assert told(tree).startswith("glossary.md:1: it cannot be read: 'utf-8' codec can't decode")
