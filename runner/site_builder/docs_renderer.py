"""Render the documentation to HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from markupsafe import Markup

from runner.lessons import markdown_parser, resolved_markdown
from runner.lessons.problems import Problem
from runner.lessons.resolved_markdown import Heading, SectionContext
from runner.site_builder import docs_pages, markdown
from runner.site_builder.docs_links import DocsLinkResolver
from runner.site_builder.docs_pages import DocsPage, DocsSection
from runner.site_builder.markdown import HEADING_LEVEL_MARK

_FENCE = re.compile(r"^(`{3,})")


@dataclass(frozen=True, slots=True)
class RenderedDocsPage:
    """A page of the documentation as HTML.

    Attributes:
        page: The page.
        html: Its HTML after the title.
        headings: Its second-level headings.
        search_entries: The anchor, the title and the words of each of its sections; the first one has no anchor.

    """

    page: DocsPage
    html: Markup
    headings: tuple[Heading, ...]
    search_entries: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class RenderedDocs:
    """The documentation as HTML.

    Attributes:
        sections: The sections of its navigation.
        pages: All pages.
        linked_files: The files that pages link to, by their path on the site.

    """

    sections: Sequence[DocsSection] = ()
    pages: Sequence[RenderedDocsPage] = ()
    linked_files: Mapping[str, Path] = field(default_factory=dict)


def render_docs(
    generated: Mapping[str, str], step_ids: Mapping[str, frozenset[str]], problems: list[Problem]
) -> RenderedDocs:
    """Render all pages of the documentation.

    Args:
        generated: The Markdown that replaces a line `<!-- generated: NAME -->`, by name.
        step_ids: The step ids of every lab, which pages may link to.
        problems: Broken links and the like are appended here.

    """
    pages = docs_pages.load_docs_pages(generated, problems)
    sections = docs_pages.load_docs_sections(pages, problems)
    linked_files: dict[str, Path] = {}
    rendered = []
    for page in pages.values():
        links = DocsLinkResolver(page, pages, step_ids, linked_files)
        context = SectionContext("", links, link_problems=problems, heading_problems=problems, is_documentation=True)
        rendered.append(_render_page(page, context))
    return RenderedDocs(sections, tuple(rendered), linked_files)


def _render_page(page: DocsPage, context: SectionContext) -> RenderedDocsPage:
    parts = [resolved_markdown.resolve_markdown(text, line, context) for line, text in page.parts]
    html = "".join(map(markdown.render_tokens, parts))
    html = html.replace(HEADING_LEVEL_MARK, "")
    text = "\n".join(text for _, text in page.parts)
    headings = tuple(heading for heading in context.headings if heading.level == 2)
    return RenderedDocsPage(page, Markup(html), headings, tuple(_split_search_text(page.title, text)))  # noqa: S704 - rendered here


def _split_search_text(title: str, text: str) -> Iterator[tuple[str, str, str]]:
    """Yield the anchor, the title and the words of each second-level section of a page."""
    anchor, lines, fence = "", list[str](), ""
    for line in text.splitlines():
        if match := _FENCE.match(line):
            fence = "" if fence and match[1] == fence else fence or match[1]
        if line.startswith("## ") and not fence:
            yield anchor, title, markdown_parser.extract_text("\n".join(lines))
            title, lines = line[3:].replace("`", ""), []
            anchor = resolved_markdown.build_github_slug(line[3:])
        else:
            lines.append(line)
    yield anchor, title, markdown_parser.extract_text("\n".join(lines))
