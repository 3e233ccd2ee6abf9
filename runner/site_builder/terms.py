"""The glossary as HTML."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from runner.lessons.problems import Problem
from runner.site_builder import markdown
from runner.site_builder.glossary import Glossary
from runner.site_builder.links import ANCHOR_CLOSE, ANCHOR_OPEN, Links
from runner.site_builder.markdown import Sheet


@dataclass(frozen=True, slots=True)
class Entry:
    """A term as a page shows it."""

    id: str
    word: str
    html: Markup


def render(glossary: Glossary, problems: list[Problem]) -> Iterator[Entry]:
    """Yield the entries of a glossary, which lead to each other and to the web alone; add what is wrong."""
    links = Links("", glossary.path, glossary.path.parent, {}, glossary.ids, "")
    for term in glossary.terms:
        sheet = Sheet(term.id, links, None, problems=problems)
        html = markdown.render(term.text, term.line + 1, sheet).replace(ANCHOR_OPEN, "#").replace(ANCHOR_CLOSE, "")
        for name, line in sheet.wanted:
            if name not in glossary.ids:
                sheet.complain(line, f"the link '#{name}' leads to no term")
        yield Entry(term.id, term.words[0], Markup(html))  # noqa: S704 - rendered here
