"""Report folders: an index for the instructor, and a page for each learner that contains nothing about others."""

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
from runner.grading.sources import create_folder_source
from tests.support import helpers
from tests.support.sample_grades import ALL_GRADES, ATTACK_GRADE, FAILED, HARMLESS_GRADE, NASTY_TEXT, PASSED, make_grade

NAMES = (
    *("ada", "Ada", "ADA", "../../etc/passwd", "..", "con", "com1.x", "a/b", "a b", "a%2fb", "index", "-rf", ".hidden"),
    *("é", "e\u0301", "字", "\ud800", "a" * 300, "a" * 301, "<b>", "javascript:alert(1)", NASTY_TEXT),
    "ada~0123456789abcdef",
)
ADA = (create_folder_source(Path("class/ada")),)
SAFE_PATH = re.compile(r"learners/[a-z0-9][a-z0-9._-]{0,63}(~[0-9a-f]{16})?\.(html|md)")


def write_pages(folder: Path, grades: Sequence[Grade], *pairs: SimilarPair, name: str = "pages") -> dict[str, str]:
    """Write the pages, and return them by their paths in the folder, the index first."""
    reports.check_report_target(name, folder, ADA)
    reports.write_report(name, folder, grades, pairs)
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != f".labs-{name}.json")
    return {str(path.relative_to(folder)): path.read_text("utf-8") for path in files}


def list_links(text: str) -> list[str]:
    """Return the targets of an index page's links, in their order."""
    page = html5lib.parse(text, namespaceHTMLElements=False)
    return [unquote(link.get("href")) for link in page.iter("a")]


def test_pages(tmp_path: Path) -> None:
    """The index links to each learner's page; all are valid HTML, and no page mentions another learner."""
    pages_by_path = write_pages(tmp_path / "out", ALL_GRADES[:3])
    assert ["index.html", "learners/ada.html", "learners/bob.html", "learners/eve.html"] == list(pages_by_path)
    assert list(pages_by_path)[1:] == list_links(pages_by_path["index.html"])
    for text in pages_by_path.values():
        html5lib.HTMLParser(strict=True).parse(text)
    assert "on node1: 2; expected: 3" in pages_by_path["learners/ada.html"]
    for name in ("ada", "bob", "eve"):
        others = {"ada", "bob", "eve"} - {name}
        assert [] == [other for other in others if other in pages_by_path[f"learners/{name}.html"]]


def test_pages_are_self_contained(tmp_path: Path) -> None:
    """A page loads nothing, has no links, and does not depend on the rest of the class."""
    alone = write_pages(tmp_path / "alone", ALL_GRADES[:1])["learners/ada.html"]
    assert alone == write_pages(tmp_path / "class", ALL_GRADES)["learners/ada.html"]
    assert [] == re.findall(r"<(?:a|script|link|img|iframe)\b|\b(?:src|href)=|url\(", alone)


def test_markdown_pages(tmp_path: Path) -> None:
    """The Markdown pages have the same structure."""
    pages_by_path = write_pages(tmp_path / "out", ALL_GRADES[:3], name="markdown-pages")
    assert ["index.md", "learners/ada.md", "learners/bob.md", "learners/eve.md"] == list(pages_by_path)
    html = MarkdownIt("commonmark").enable("table").render(pages_by_path["index.md"])
    assert list(pages_by_path)[1:] == list_links(html)
    assert pages_by_path["learners/ada.md"].startswith("# ada: 1.5 of 6.5\n\nLab: tiny\n")
    assert "bob" not in pages_by_path["learners/ada.md"]


@pytest.mark.parametrize("name", sorted(reports.FOLDER_FORMATS))
def test_any_name(name: str, tmp_path: Path) -> None:
    """Whatever its name, each submission has its own page, with a file name that is safe on every system."""
    folder = tmp_path / "deep" / "out"
    folder.parent.mkdir()
    pages_by_path = write_pages(folder, [make_grade(PASSED, submission=submission) for submission in NAMES], name=name)
    index, *pages = pages_by_path
    assert len(NAMES) == len({page.casefold() for page in pages})
    assert [] == [page for page in pages if not SAFE_PATH.fullmatch(page)]
    assert {"learners", f".labs-{name}.json", index} == {path.name for path in folder.iterdir()}
    html = (
        MarkdownIt("commonmark").enable("table").render(pages_by_path[index])
        if name != "pages"
        else pages_by_path[index]
    )
    assert sorted(pages) == sorted(list_links(html))
    assert ["out"] == [path.name for path in folder.parent.iterdir()]


def test_names_stay(tmp_path: Path) -> None:
    """A page keeps its name when submissions are added or reordered."""
    before = write_pages(tmp_path / "before", [make_grade(PASSED, submission=name) for name in NAMES[:5]])
    after = write_pages(tmp_path / "after", [make_grade(PASSED, submission=name) for name in reversed(NAMES)])
    assert set(before) <= set(after)


def test_usual_names(tmp_path: Path) -> None:
    """Pages are named after the logins that most schools use."""
    usual = ("ada.lovelace", "u123456", "grace-hopper", "b_liskov")
    pages_by_path = write_pages(tmp_path / "out", [make_grade(PASSED, submission=name) for name in usual])
    assert [f"learners/{name}.html" for name in usual] == list_links(pages_by_path["index.html"])


def test_page_names_cannot_be_taken(tmp_path: Path) -> None:
    """A submission that is named like another one's page gets a different page."""
    (page,) = list_links(write_pages(tmp_path / "first", [make_grade(PASSED, submission="Ada")])["index.html"])
    name = Path(page).stem
    both = list_links(
        write_pages(tmp_path / "out", [make_grade(PASSED, submission=taken) for taken in ("Ada", name)])["index.html"]
    )
    assert page == both[0] != both[1]


def test_same_name(tmp_path: Path) -> None:
    """Two submissions of the same name, for example for two labs, have two pages, and the links are right."""
    both = [make_grade(PASSED), replace(make_grade(FAILED), lab="other", folder="other/ada")]
    pages_by_path = write_pages(tmp_path / "out", both)
    first, second = list_links(pages_by_path["index.html"])
    assert ("Lab: tiny" in pages_by_path[first], "Lab: other" in pages_by_path[second]) == (True, True)


def test_attack(tmp_path: Path) -> None:
    """Text from a submission adds no element to any page, nor to the index if two are similar."""
    elements = []
    for grade, lines, name in ((ATTACK_GRADE, (NASTY_TEXT,), "attack"), (HARMLESS_GRADE, ("harmless",), "tame")):
        pages_by_path = write_pages(tmp_path / name, [grade, make_grade(PASSED)], SimilarPair(0, 1, 1, 20, lines))
        elements.append([[element.tag for element in html5lib.parse(text).iter()] for text in pages_by_path.values()])
    assert sorted(elements[0]) == sorted(elements[1])
    index = write_pages(
        tmp_path / "markdown", [ATTACK_GRADE], SimilarPair(0, 0, 1, 20, (NASTY_TEXT,)), name="markdown-pages"
    )["index.md"]
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(index)
    assert [] == re.findall(r"<(?:script|img|em|strong|code)\b", html)
    assert 3 == len(list_links(html))


def test_pairs(tmp_path: Path) -> None:
    """The index lists similar submissions, with links to both and some lines."""
    text = write_pages(tmp_path / "out", ALL_GRADES[:2], SimilarPair(1, 0, 0.84, 21, ("cp a <b>",)))["index.html"]
    assert ["learners/ada.html", "learners/bob.html", "learners/bob.html", "learners/ada.html"] == list_links(text)
    assert "84% similar, shared passages: 21" in text
    assert "cp a &lt;b&gt;" in text


def test_write_again(tmp_path: Path) -> None:
    """Writing again removes old pages, and changes neither identical pages nor other files."""
    folder = tmp_path / "out"
    write_pages(folder, ALL_GRADES[:3])
    (folder / "learners" / "mine.txt").write_text("mine", "utf-8")
    before = (folder / "learners" / "ada.html").stat().st_mtime_ns
    assert ["index.html", "learners/ada.html", "learners/mine.txt"] == list(write_pages(folder, ALL_GRADES[:1]))
    assert before == (folder / "learners" / "ada.html").stat().st_mtime_ns


def test_folder_of_another_report(tmp_path: Path) -> None:
    """Pages of one format are not written into a folder of another format."""
    write_pages(tmp_path / "out", ALL_GRADES[:1])
    with pytest.raises(UsageError, match="do not belong to a report 'markdown-pages'"):
        reports.check_report_target("markdown-pages", tmp_path / "out", ADA)


def test_folder_among_submissions(tmp_path: Path) -> None:
    """Pages are not written into the folder of the submissions, where they would be graded the next time."""
    with pytest.raises(UsageError, match="is in the folder of the submissions"):
        reports.check_report_target(
            "pages", tmp_path / "out", [create_folder_source(tmp_path / name) for name in ("ada", "bob")]
        )


def test_folder_with_other_files(tmp_path: Path) -> None:
    """A folder with other files, a file or a missing parent folder is refused before anything is graded."""
    (tmp_path / "mine.txt").touch()
    with pytest.raises(UsageError, match="contains files that do not belong to a report"):
        reports.check_report_target("pages", tmp_path, ADA)
    with pytest.raises(UsageError, match="is not a directory"):
        reports.check_report_target("pages", tmp_path / "mine.txt", ADA)
    with pytest.raises(UsageError, match="does not exist"):
        reports.check_report_target("pages", tmp_path / "none" / "out", ADA)


WRITER = """
import sys
from pathlib import Path
from runner.grading import reports
from tests.support.sample_grades import ALL_GRADES
from dataclasses import replace
number = 0
while True:
    number += 1
    changed = replace(ALL_GRADES[0], seconds=number, problems=(str(number),))
    grades = [replace(changed, submission=f"s{index}") for index in range(40)]
    reports.write_report("pages", Path(sys.argv[1]), grades, ())
    print(number, flush=True)
"""


def test_killed(tmp_path: Path) -> None:
    """If writing is killed, every page is complete, and every link of the index leads to one."""
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
        assert 40 == len([link for link in list_links(index) if (folder / link).is_file()])
        assert 41 == len(json.loads((folder / ".labs-pages.json").read_text("utf-8")))
    assert 2 == len(write_pages(folder, ALL_GRADES[:1]))
