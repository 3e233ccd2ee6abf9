"""Markdown in which every heading has an anchor and every link a target, with what is wrong with them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from markdown_it.token import Token

from runner.lessons import markdown_parser
from runner.lessons.links import ANCHOR_OPEN, PRIVATE_USE_CHARS, RESERVED_ANCHORS, BrokenLinkError, LinkTargets
from runner.lessons.problems import Problem

_VALID_ID = re.compile(r"[a-z][a-z0-9-]*")
_FIRST_LEVEL_IN_STEP = 3
_NOT_IN_GITHUB_SLUG = re.compile(r"[^\w\- ]")
# Without these words, C, C++ and C# would have the same anchor.
_SIGNS_AFTER_WORD = re.compile(r"(?<=\w)[+#]+")
_WORDS_OF_SIGNS = {"+": "-plus", "#": "-sharp"}


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading within a step or a page."""

    id: str
    title: str
    level: int


@dataclass(slots=True)
class SectionContext:
    """The inputs and results of resolving one section of a file. A section is a step, or the introduction.

    Attributes:
        step_id: The step's id; empty for the introduction.
        links: Resolves links.
        original_heading_ids: In a translation, the ids of the section's headings in the original, in order.
        headings: The headings of the section; resolving adds to it.
        anchors: The line and the step id of every anchor of the file; resolving adds to it.
        linked_anchors: The anchors of this file that links point to, with the links' lines; resolving adds to it.
        link_problems: Links and images that lead nowhere; resolving adds to it.
        heading_problems: Headings that cannot be shown or linked to; resolving adds to it.
        is_documentation: Whether the section is a page of the documentation, whose headings have the anchors of GitHub.
        has_anchors: Whether links can lead to its headings.

    """

    step_id: str
    links: LinkTargets
    original_heading_ids: Sequence[str] = ()
    headings: list[Heading] = field(default_factory=list)
    anchors: dict[str, tuple[int, str]] = field(default_factory=dict)
    linked_anchors: list[tuple[str, int]] = field(default_factory=list)
    link_problems: list[Problem] = field(default_factory=list)
    heading_problems: list[Problem] = field(default_factory=list)
    is_documentation: bool = False
    has_anchors: bool = True

    def add_link_problem(self, line: int, message: str) -> None:
        """Add a problem of a link or an image."""
        self.link_problems.append(Problem(self.links.source_file, line, message))

    def add_heading_problem(self, line: int, message: str) -> None:
        """Add a problem of a heading."""
        self.heading_problems.append(Problem(self.links.source_file, line, message))

    def add_anchor(self, name: str, line: int) -> None:
        """Add an anchor; a reserved or duplicate one is a problem."""
        if name in RESERVED_ANCHORS:
            message = f"the anchor '{name}' is reserved by the page; end the heading with another {{#id}}"
            self.add_heading_problem(line, message)
        if name in self.anchors:
            other = self.anchors[name][0]
            message = f"the anchor '{name}' is already used on line {other}; end the heading with another {{#id}}"
            self.add_heading_problem(line, message)
        self.anchors.setdefault(name, (line, self.step_id))


def resolve_markdown(text: str, line: int, context: SectionContext) -> list[Token]:
    """Return the tokens of Markdown, with the id of each heading and the target of each link on the site.

    Args:
        text: The Markdown.
        line: The line of its file where it begins, counted from 1.
        context: The section that it belongs to; headings, anchors and problems are added to it.

    """
    tokens = markdown_parser.parse_displayed_tokens(PRIVATE_USE_CHARS.sub("", text))
    for index, token in enumerate(tokens):
        token_line = line + (token.map[0] if token.map else 0)
        if token.type == "heading_open":
            _resolve_heading(token, tokens[index + 1], token_line, context)
        elif token.type == "inline" and token.children:
            _resolve_links(token.children, token_line, context)
    return tokens


def build_github_slug(title: str) -> str:
    """Return the anchor that GitHub gives to a heading."""
    return _NOT_IN_GITHUB_SLUG.sub("", title.lower()).replace(" ", "-")


def build_heading_slug(title: str) -> str:
    """Return the anchor of a heading: its letters and digits in any script, with dashes between words."""
    text = unicodedata.normalize("NFKC", title).casefold()
    text = _SIGNS_AFTER_WORD.sub(lambda match: "".join(_WORDS_OF_SIGNS[sign] for sign in match[0]), text)
    # Letters, marks on letters, and digits.
    kept = (char if unicodedata.category(char)[0] in "LMN" else " " for char in unicodedata.normalize("NFC", text))
    return "-".join("".join(kept).split())


def _resolve_heading(token: Token, content: Token, line: int, context: SectionContext) -> None:
    """Give a heading its id, and remove an explicit `{#id}` from its text."""
    level = int(token.tag[1:])
    heading = markdown_parser.split_heading(content)
    markdown_parser.remove_heading_id(content)
    if level == 1 or (level < _FIRST_LEVEL_IN_STEP and not context.is_documentation):
        message = "the lesson's title belongs in its front matter; headings within a step begin with '###'"
        context.add_heading_problem(line, message)
    if heading.id and not _VALID_ID.fullmatch(heading.id):
        message = f"'{{#{heading.id}}}' is not a valid id; it starts with a letter, and has only a-z, digits and dashes"
        context.add_heading_problem(line, message)
    if not context.has_anchors:
        return
    heading_id = heading.id or _derive_heading_id(heading.title, content, context)
    context.add_anchor(heading_id, line)
    context.headings.append(Heading(heading_id, heading.title, level))
    token.attrSet("id", heading_id)


def _derive_heading_id(title: str, content: Token, context: SectionContext) -> str:
    if context.is_documentation:
        return build_github_slug(content.content)
    index = len(context.headings)
    if index < len(context.original_heading_ids):
        return context.original_heading_ids[index]
    return f"{context.step_id or 'intro'}--{build_heading_slug(title) or f'part-{index + 1}'}"


def _resolve_links(children: Iterable[Token], line: int, context: SectionContext) -> None:
    for token in children:
        if token.type == "link_open":
            token.attrSet("href", _resolve_target(str(token.attrGet("href")), line, context, "link"))
        elif token.type == "image":
            token.attrSet("src", _resolve_target(str(token.attrGet("src")), line, context, "image"))
        line += token.type in ("softbreak", "hardbreak")


def _resolve_target(target: str, line: int, context: SectionContext, target_type: str) -> str:
    links = context.links
    try:
        resolved = links.resolve_link(target) if target_type == "link" else links.resolve_image(target)
    except BrokenLinkError as error:
        context.add_link_problem(line, f"the {target_type} '{target}' {error}")
        return ""
    if resolved.startswith(ANCHOR_OPEN):
        context.linked_anchors.append((resolved[1:-1], line))
    return resolved
