"""Render the glossary's definitions to HTML."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from runner.lessons.problems import Problem
from runner.site_builder import markdown
from runner.site_builder.glossary import Glossary
from runner.site_builder.links import ANCHOR_CLOSE, ANCHOR_OPEN, LinkResolver
from runner.site_builder.markdown import RenderContext


@dataclass(frozen=True, slots=True)
class GlossaryEntry:
    """A term and its definition as the glossary page shows them."""

    id: str
    term: str
    html: Markup


def render_glossary_entries(glossary: Glossary, problems: list[Problem]) -> Iterator[GlossaryEntry]:
    """Yield the rendered entries of a glossary. A definition may link only to other terms and to the web.

    Args:
        glossary: The terms of one language.
        problems: Broken links are appended here.

    """
    links = LinkResolver("", glossary.path, glossary.path.parent, {}, glossary.term_ids, "")
    for term in glossary.terms:
        context = RenderContext(term.id, links, None, problems=problems)
        html = markdown.render_markdown(term.definition, term.line + 1, context)
        for anchor, line in context.linked_anchors:
            if anchor not in glossary.term_ids:
                context.add_problem(line, f"the link '#{anchor}' does not match any term")
        html = html.replace(ANCHOR_OPEN, "#").replace(ANCHOR_CLOSE, "")
        yield GlossaryEntry(term.id, term.names[0], Markup(html))  # noqa: S704 - rendered here
