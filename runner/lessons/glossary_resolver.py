"""Glossary definitions with their links resolved: the site shows them, and lint reports what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markdown_it.token import Token

from runner.lessons import resolved_markdown
from runner.lessons.glossary import Glossary, Term
from runner.lessons.links import LinkResolver
from runner.lessons.problems import Problem
from runner.lessons.resolved_markdown import SectionContext


def resolve_definitions(glossary: Glossary, problems: list[Problem]) -> Iterator[tuple[Term, Sequence[Token]]]:
    """Yield each term with the tokens of its definition, which may link only to other terms and to the web.

    Args:
        glossary: The terms of one language.
        problems: What is wrong with the definitions is appended here.

    """
    links = LinkResolver("", glossary.path, glossary.path.parent, {}, glossary.term_ids, "")
    for term in glossary.terms:
        context = SectionContext(term.id, links, link_problems=problems, heading_problems=problems)
        tokens = resolved_markdown.resolve_markdown(term.definition, term.line + 1, context)
        for anchor, line in context.linked_anchors:
            if anchor not in glossary.term_ids:
                context.add_link_problem(line, f"the link '#{anchor}' does not match any term")
        yield term, tokens
