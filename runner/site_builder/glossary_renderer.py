"""Render the glossary's definitions to HTML."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from runner.lessons import glossary_resolver
from runner.lessons.glossary import Glossary
from runner.lessons.links import ANCHOR_CLOSE, ANCHOR_OPEN
from runner.lessons.problems import Problem
from runner.site_builder import markdown


@dataclass(frozen=True, slots=True)
class GlossaryEntry:
    """A term and its definition as the glossary page shows them."""

    id: str
    term: str
    html: Markup


def render_glossary_entries(glossary: Glossary, problems: list[Problem]) -> Iterator[GlossaryEntry]:
    """Yield the rendered entries of a glossary.

    Args:
        glossary: The terms of one language.
        problems: Broken links are appended here.

    """
    for term, tokens in glossary_resolver.resolve_definitions(glossary, problems):
        html = markdown.render_tokens(tokens).replace(ANCHOR_OPEN, "#").replace(ANCHOR_CLOSE, "")
        yield GlossaryEntry(term.id, term.names[0], Markup(html))  # noqa: S704 - rendered here
