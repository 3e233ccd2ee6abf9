"""Reports that are folders: an index for the instructor, and a page for each learner that holds nothing of others."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import html5lib
import pytest
from markdown_it import MarkdownIt

from runner.errors import UsageError
from runner.grading import reports
from runner.grading.grade_model import Grade
from runner.grading.similarity import SimilarPair
from tests import helpers
from tests.grading.grades import ALL, ATTACK, FAILED, NASTY, PASSED, TAME, grade

NAMES = (
    *("ada", "Ada", "ADA", "../../etc/passwd", "..", "con", "com1.x", "a/b", "a b", "a%2fb", "index", "-rf", ".hidden"),
    *("é", "e\u0301", "字", "\ud800", "a" * 300, "a" * 301, "<b>", "javascript:alert(1)", NASTY),
    "ada~0123456789abcdef",
)
ADA = (Path("class/ada"),)
FIT = re.compile(r"learners/[a-z0-9][a-z0-9._-]{0,63}(~[0-9a-f]{16})?\.(html|md)")


def write(folder: Path, grades: Sequence[Grade], *pairs: SimilarPair, name: str = "pages") -> dict[str, str]:
    """Write the pages and return them by their paths in the folder, the index first."""
    reports.check_report_target(name, folder, ADA)
    reports.write_report(name, folder, grades, pairs)
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != f".labs-{name}.json")
    return {str(path.relative_to(folder)): path.read_text("utf-8") for path in files}


def links(text: str) -> list[str]:
    """Return where the links of an index lead, in their order."""
    page = html5lib.parse(text, namespaceHTMLElements=False)
    return [unquote(link.get("href")) for link in page.iter("a")]


def test_pages(tmp_path: Path) -> None:
    """The index leads to each learner's page; all are sound HTML, and a page holds nothing of another learner."""
    found = write(tmp_path / "out", ALL[:3])
    assert ["index.html", "learners/ada.html", "learners/bob.html", "learners/eve.html"] == list(found)
    assert list(found)[1:] == links(found["index.html"])
    for text in found.values():
        html5lib.HTMLParser(strict=True).parse(text)
    assert "on node1: 2; expected: 3" in found["learners/ada.html"]
    for name in ("ada", "bob", "eve"):
        others = {"ada", "bob", "eve"} - {name}
        assert [] == [other for other in others if other in found[f"learners/{name}.html"]]


def test_pages_of_their_own(tmp_path: Path) -> None:
    """A page loads nothing, leads nowhere, and is the same whoever else is in the class."""
    alone = write(tmp_path / "alone", ALL[:1])["learners/ada.html"]
    assert alone == write(tmp_path / "class", ALL)["learners/ada.html"]
    assert [] == re.findall(r"<(?:a|script|link|img|iframe)\b|\b(?:src|href)=|url\(", alone)


def test_markdown_pages(tmp_path: Path) -> None:
    """The same in Markdown."""
    found = write(tmp_path / "out", ALL[:3], name="markdown-pages")
    assert ["index.md", "learners/ada.md", "learners/bob.md", "learners/eve.md"] == list(found)
    html = MarkdownIt("commonmark").enable("table").render(found["index.md"])
    assert list(found)[1:] == links(html)
    assert found["learners/ada.md"].startswith("# ada: 1.5 of 6.5\n\nLab: tiny\n")
    assert "bob" not in found["learners/ada.md"]


@pytest.mark.parametrize("name", sorted(reports.FOLDER_FORMATS))
def test_any_name(name: str, tmp_path: Path) -> None:
    """Whatever submissions are called, each has a page of its own, under a name that fits any system."""
    folder = tmp_path / "deep" / "out"
    folder.parent.mkdir()
    found = write(folder, [grade(PASSED, submission=one) for one in NAMES], name=name)
    index, *pages = found
    assert len(NAMES) == len({page.casefold() for page in pages})
    assert [] == [page for page in pages if not FIT.fullmatch(page)]
    assert {"learners", f".labs-{name}.json", index} == {path.name for path in folder.iterdir()}
    html = MarkdownIt("commonmark").enable("table").render(found[index]) if name != "pages" else found[index]
    assert sorted(pages) == sorted(links(html))
    assert ["out"] == [path.name for path in folder.parent.iterdir()]


def test_names_stay(tmp_path: Path) -> None:
    """A page keeps its name when others come to the class."""
    before = write(tmp_path / "before", [grade(PASSED, submission=one) for one in NAMES[:5]])
    after = write(tmp_path / "after", [grade(PASSED, submission=one) for one in reversed(NAMES)])
    assert set(before) <= set(after)


def test_usual_names(tmp_path: Path) -> None:
    """The logins that most schools give are the names of their pages."""
    usual = ("ada.lovelace", "u123456", "grace-hopper", "b_liskov")
    found = write(tmp_path / "out", [grade(PASSED, submission=one) for one in usual])
    assert [f"learners/{one}.html" for one in usual] == links(found["index.html"])


def test_nobody_takes_the_page_of_another(tmp_path: Path) -> None:
    """Who is called as the page of another would be gets another page."""
    (page,) = links(write(tmp_path / "first", [grade(PASSED, submission="Ada")])["index.html"])
    name = Path(page).stem
    both = links(write(tmp_path / "out", [grade(PASSED, submission=one) for one in ("Ada", name)])["index.html"])
    assert page == both[0] != both[1]


def test_same_name(tmp_path: Path) -> None:
    """Of two submissions of one name, as for two labs, each has its own page, and the link leads to the right one."""
    both = [grade(PASSED), replace(grade(FAILED), lab="other", folder="other/ada")]
    found = write(tmp_path / "out", both)
    first, second = links(found["index.html"])
    assert ("Lab: tiny" in found[first], "Lab: other" in found[second]) == (True, True)


def test_attack(tmp_path: Path) -> None:
    """Text from a submission adds no element to any page, nor to the index where two are alike."""
    told = []
    for one, lines, name in ((ATTACK, (NASTY,), "attack"), (TAME, ("harmless",), "tame")):
        found = write(tmp_path / name, [one, grade(PASSED)], SimilarPair(0, 1, 1, 20, lines))
        told.append([[element.tag for element in html5lib.parse(text).iter()] for text in found.values()])
    assert sorted(told[0]) == sorted(told[1])
    index = write(tmp_path / "markdown", [ATTACK], SimilarPair(0, 0, 1, 20, (NASTY,)), name="markdown-pages")[
        "index.md"
    ]
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(index)
    assert [] == re.findall(r"<(?:script|img|em|strong|code)\b", html)
    assert 3 == len(links(html))


def test_pairs(tmp_path: Path) -> None:
    """The index tells which submissions resemble each other, with links to both and the lines."""
    text = write(tmp_path / "out", ALL[:2], SimilarPair(1, 0, 0.84, 21, ("cp a <b>",)))["index.html"]
    assert ["learners/ada.html", "learners/bob.html", "learners/bob.html", "learners/ada.html"] == links(text)
    assert "84% alike, 21 pieces" in text
    assert "cp a &lt;b&gt;" in text


def test_again(tmp_path: Path) -> None:
    """Writing again leaves nothing of who is gone, and touches neither what is the same nor what is not ours."""
    folder = tmp_path / "out"
    write(folder, ALL[:3])
    (folder / "learners" / "mine.txt").write_text("kept", "utf-8")
    before = (folder / "learners" / "ada.html").stat().st_mtime_ns
    assert ["index.html", "learners/ada.html", "learners/mine.txt"] == list(write(folder, ALL[:1]))
    assert before == (folder / "learners" / "ada.html").stat().st_mtime_ns


def test_folder_of_another_report(tmp_path: Path) -> None:
    """Pages of one format are never written over those of another."""
    write(tmp_path / "out", ALL[:1])
    with pytest.raises(UsageError, match="of no report 'markdown-pages'"):
        reports.check_report_target("markdown-pages", tmp_path / "out", ADA)


def test_folder_among_submissions(tmp_path: Path) -> None:
    """Pages are not written beside the submissions of a class, where they would be graded the next time."""
    with pytest.raises(UsageError, match="would lie among the submissions"):
        reports.check_report_target("pages", tmp_path / "out", [tmp_path / "ada", tmp_path / "bob"])


def test_folder_of_somebody(tmp_path: Path) -> None:
    """A folder that holds anything else is refused before anything is graded, as is a file."""
    (tmp_path / "mine.txt").touch()
    with pytest.raises(UsageError, match="holds files that are of no report"):
        reports.check_report_target("pages", tmp_path, ADA)
    with pytest.raises(UsageError, match="is no folder"):
        reports.check_report_target("pages", tmp_path / "mine.txt", ADA)
    with pytest.raises(UsageError, match="There is no folder"):
        reports.check_report_target("pages", tmp_path / "none" / "out", ADA)


WRITER = """
import sys
from pathlib import Path
from runner.grading import reports
from tests.grading.grades import ALL
from dataclasses import replace
number = 0
while True:
    number += 1
    grades = [replace(ALL[0], submission=f"s{one}", seconds=number, problems=(str(number),)) for one in range(40)]
    reports.write_report("pages", Path(sys.argv[1]), grades, ())
    print(number, flush=True)
"""


def test_killed(tmp_path: Path) -> None:
    """However suddenly writing ends, every page that is there is whole, and every link of an index leads to one."""
    folder = tmp_path / "out"
    for pause in (0, 0.013, 0.031):
        argv = [sys.executable, "-c", WRITER, str(folder)]
        with subprocess.Popen(argv, cwd=helpers.CHECKOUT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert "1\n" == process.stdout.readline()
            time.sleep(pause)
            os.kill(process.pid, signal.SIGKILL)
        pages = list(folder.rglob("*.html"))
        assert 41 == len(pages)
        assert [] == [page for page in pages if not page.read_text("utf-8").rstrip().endswith("</html>")]
        index = (folder / "index.html").read_text("utf-8")
        assert 40 == len([link for link in links(index) if (folder / link).is_file()])
        assert 41 == len(json.loads((folder / ".labs-pages.json").read_text("utf-8")))
    assert 2 == len(write(folder, ALL[:1]))
