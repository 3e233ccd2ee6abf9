"""Read the documentation: its pages, the sections of its index, and the anchors that links can point to."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from markdown_it.token import Token

from runner import paths
from runner.lessons import markdown_parser
from runner.lessons.problems import Problem
from runner.lessons.resolved_markdown import build_github_slug

INDEX = PurePosixPath("README.md")
# The pages of this folder are listed on this page, and not in the index itself.
_UNLISTED_FOLDER, _UNLISTED_FOLDER_INDEX = PurePosixPath("reference/lint"), PurePosixPath("reference/lint-rules.md")
_TITLE = re.compile(r"# (.+)")
_GENERATED = re.compile(r"^<!-- generated: (?P<name>[a-z-]+) -->$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class DocsPage:
    """A page of the documentation.

    Attributes:
        path: Its path in the documentation's folder.
        title: Its title, from its first line.
        parts: Its Markdown after the title: the line where each part begins, and its text.
        anchors: The anchors of its headings.

    """

    path: PurePosixPath
    title: str
    parts: tuple[tuple[int, str], ...]
    anchors: frozenset[str]

    @property
    def source_file(self) -> Path:
        """The file of the page."""
        return paths.docs_folder() / self.path

    @property
    def site_path(self) -> str:
        """The path of the page on the site."""
        return _build_site_path(self.path)

    @property
    def navigation_site_path(self) -> str:
        """The path of the page that the navigation marks as the current one."""
        return _build_site_path(_UNLISTED_FOLDER_INDEX if self.path.is_relative_to(_UNLISTED_FOLDER) else self.path)


def _build_site_path(path: PurePosixPath) -> str:
    return f"docs/{'index.html' if path == INDEX else path.with_suffix('.html')}"


@dataclass(frozen=True, slots=True)
class DocsSection:
    """One of the sections of the documentation's index, such as the how-to guides, and the pages in it."""

    title: str
    pages: tuple[DocsPage, ...]


def load_docs_pages(generated: Mapping[str, str], problems: list[Problem]) -> dict[PurePosixPath, DocsPage]:
    """Return all pages of the documentation, by path.

    Args:
        generated: The Markdown that replaces a line `<!-- generated: NAME -->`, by name.
        problems: Pages without a title and unknown names are appended here.

    """
    folder = paths.docs_folder()
    pages = {}
    for file in sorted(folder.rglob("*.md")):
        path = PurePosixPath(file.relative_to(folder))
        text = file.read_text("utf-8")
        match = _TITLE.match(text)
        if match is None:
            problems.append(Problem(file, 1, "the page must begin with its title: '# Title'"))
            continue
        parts = tuple(_split_parts(file, "\n" + text[match.end() + 1 :], generated, problems))
        pages[path] = DocsPage(path, match[1], parts, frozenset(_find_anchors("\n".join(part for _, part in parts))))
    return pages


def _split_parts(
    file: Path, text: str, generated: Mapping[str, str], problems: list[Problem]
) -> Iterator[tuple[int, str]]:
    position = 0
    for match in _GENERATED.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        yield text.count("\n", 0, position) + 1, text[position : match.start()]
        if match["name"] not in generated:
            problems.append(Problem(file, line, f"there is no generated text '{match['name']}'"))
        yield line, generated.get(match["name"], "")
        position = match.end()
    yield text.count("\n", 0, position) + 1, text[position:]


def _find_anchors(text: str) -> Iterator[str]:
    tokens = markdown_parser.parse_displayed_tokens(text)
    for token, content in itertools.pairwise(tokens):
        if token.type == "heading_open":
            yield build_github_slug(content.content)


def load_docs_sections(pages: Mapping[PurePosixPath, DocsPage], problems: list[Problem]) -> tuple[DocsSection, ...]:
    """Return the sections of the index, which are also the navigation of all pages.

    Args:
        pages: All pages by path.
        problems: Pages that the index does not list are appended here.

    """
    index = pages.get(INDEX)
    if index is None:
        problems.append(Problem(paths.docs_folder() / INDEX, 1, "the file is missing; it lists all pages"))
        return ()
    tokens = markdown_parser.parse_displayed_tokens("\n".join(text for _, text in index.parts))
    sections = tuple(_find_sections(tokens, pages))
    listed = {page.path for section in sections for page in section.pages}
    for path, page in pages.items():
        if path != INDEX and path not in listed and not path.is_relative_to(_UNLISTED_FOLDER):
            problems.append(Problem(page.source_file, 1, f"no section of {INDEX} links to this page"))
    return sections


def _find_sections(tokens: Sequence[Token], pages: Mapping[PurePosixPath, DocsPage]) -> Iterator[DocsSection]:
    title, links = "", list[DocsPage]()
    for token, content in itertools.pairwise([*tokens, Token("", "", 0)]):
        if token.type == "heading_open":
            if links:
                yield DocsSection(title, tuple(links))
            title, links = content.content, []
        for child in token.children or () if title else ():
            page = pages.get(PurePosixPath(str(child.attrGet("href") or "")))
            if child.type == "link_open" and page:
                links.append(page)
    if links:
        yield DocsSection(title, tuple(links))
