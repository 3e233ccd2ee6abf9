"""Rendering Markdown: each case of `markdown/*.txt` is the text of a step and the HTML of its page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support import helpers
from tests.support.helpers import Pages

FRONT = helpers.FRONT_MATTER.replace(
    "{name: node1, role: manager}", "{name: node1, role: manager}, {name: node2, role: worker}"
)
GLOSSARY = "## Raft {#raft}\nHow managers agree.\n\n## Task, tasks, !task force {#task}\nAn attempt.\n"
CASES = [
    pytest.param(lesson, html, id=f"{file.stem}: {title}")
    for file in sorted((Path(__file__).parent / "markdown").glob("*.txt"))
    for title, lesson, html in helpers.read_golden_cases(file)
]


@pytest.mark.parametrize(("lesson", "html"), CASES)
def test_markdown(lesson: str, html: str, pages: Pages) -> None:
    """The Markdown of a step is rendered to the HTML of the case."""
    page = pages(f"{FRONT}## Look {{#look}}\n{lesson}", glossary_md=GLOSSARY)["tiny/look.html"]
    article = re.search(r"<article.*?</h1>\n(.*?)</article>", page, re.DOTALL)
    assert article
    assert html == re.sub(r"\n+", "\n", article[1]).lstrip("\n")
