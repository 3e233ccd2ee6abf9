"""Render the Markdown of lessons to HTML: heading anchors, resolved links, linked glossary terms, highlighted code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from runner.lessons.problems import Problem
from runner.site_builder import code_highlighting
from runner.site_builder.glossary import Glossary
from runner.site_builder.links import ANCHOR_OPEN, RESERVED_ANCHORS, BrokenLinkError, LinkTargets

# Precedes the number of a heading's level, which depends on the page that shows it; see `lesson_renderer`.
HEADING_LEVEL_MARK = "\ue000"
_EXPLICIT_ID = re.compile(r"^(?P<title>.*?)\s*\{#(?P<id>[a-z][a-z0-9-]*)\}$")
_MAX_UNBROKEN_CODE = 26
_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")
_MARKUP = re.compile(r"`+|\*+|^\s*(?:#+|>|-|\|[-|: ]+$)\s|\{#[a-z0-9-]+\}|\|", re.MULTILINE)
_NOT_IN_GITHUB_SLUG = re.compile(r"[^\w\- ]")
_NON_SLUG_CHARS = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading within a step or a page."""

    id: str
    title: str
    level: int


@dataclass(slots=True)
class RenderContext:
    """The inputs and results of rendering one section of a file. A section is a step, or the introduction.

    Attributes:
        step_id: The step's id; empty for the introduction.
        links: Resolves links.
        glossary: The terms to link; None to link none.
        original_heading_ids: In a translation, the ids of the section's headings in the original, in order.
        headings: The headings of the section; rendering adds to it.
        anchors: The line and the step id of every anchor of the file; rendering adds to it.
        linked_anchors: The anchors of this file that links point to, with the links' lines; rendering adds to it.
        problems: Everything that is wrong in the file; rendering adds to it.
        linked_terms: The ids of the terms already linked; only the first mention in a section is.
        uses_github_slugs: Whether the anchors of headings are those that GitHub gives them.

    """

    step_id: str
    links: LinkTargets
    glossary: Glossary | None
    original_heading_ids: Sequence[str] = ()
    headings: list[Heading] = field(default_factory=list)
    anchors: dict[str, tuple[int, str]] = field(default_factory=dict)
    linked_anchors: list[tuple[str, int]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    linked_terms: set[str] = field(default_factory=set)
    uses_github_slugs: bool = False

    def add_problem(self, line: int, message: str) -> None:
        """Add a problem of the source file."""
        self.problems.append(Problem(self.links.source_file, line, message))

    def add_anchor(self, name: str, line: int) -> None:
        """Add an anchor; a reserved or duplicate one is a problem."""
        if name in RESERVED_ANCHORS:
            self.add_problem(line, f"the anchor '{name}' is reserved by the page; end the heading with another {{#id}}")
        if name in self.anchors:
            other = self.anchors[name][0]
            message = f"the anchor '{name}' is already used on line {other}; end the heading with another {{#id}}"
            self.add_problem(line, message)
        self.anchors.setdefault(name, (line, self.step_id))


def render_markdown(
    text: str, line: int, context: RenderContext, link_definitions: dict[str, Any] | None = None
) -> str:
    """Return Markdown as HTML.

    Args:
        text: The Markdown.
        line: The line of its file where it begins, counted from 1.
        context: The section that it belongs to; headings, anchors and problems are added to it.
        link_definitions: Link reference definitions from elsewhere in the file.

    """
    environment: dict[str, Any] = {"references": link_definitions or {}}
    tokens = _MARKDOWN.parse(code_highlighting.PRIVATE_USE_CHARS.sub("", text), environment)
    for index, token in enumerate(tokens):
        token_line = line + (token.map[0] if token.map else 0)
        if token.type == "heading_open":
            _process_heading(token, tokens[index + 1], token_line, context)
        elif token.type in ("th_open", "td_open") and "style" in token.attrs:
            # The pages' content security policy forbids inline styles.
            token.attrSet("class", str(token.attrs.pop("style")).replace("text-align:", "to-"))
        elif token.type == "inline" and token.children:
            in_heading = tokens[index - 1].tag[:1] == "h"
            token.children = list(_process_inline(token.children, token_line, context, in_heading=in_heading))
    return str(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, environment))


def collect_link_definitions(text: str) -> dict[str, Any]:
    """Return the link reference definitions (`[name]: target`) of a file, for rendering its sections one by one."""
    if "]:" not in text:
        return {}
    environment: dict[str, Any] = {}
    _MARKDOWN.parse(text, environment)
    definitions: dict[str, Any] = environment.get("references", {})
    return definitions


def strip_markdown(text: str) -> str:
    """Return the words of a Markdown text on one line, for the search index; some harmless markup may remain."""
    return " ".join(_MARKUP.sub("", _LINK.sub(r"\1", text)).split())


def build_github_slug(title: str) -> str:
    """Return the anchor that GitHub gives to a heading."""
    return _NOT_IN_GITHUB_SLUG.sub("", title.lower()).replace(" ", "-")


def _process_heading(token: Token, content: Token, line: int, context: RenderContext) -> None:
    """Give a heading its id and its relative level, and remove an explicit `{#id}` from its text."""
    if token.tag == "h1":
        message = "the lesson's title belongs in its front matter; headings within a step begin with '###'"
        context.add_problem(line, message)
    match = _EXPLICIT_ID.match(content.content)
    if match and content.children:
        last = content.children[-1]
        last.content = last.content[: last.content.rfind("{#")].rstrip()
    title = match["title"] if match else content.content
    heading_id = match["id"] if match else _derive_heading_id(title, context)
    context.add_anchor(heading_id, line)
    context.headings.append(Heading(heading_id, re.sub(r"[`*]", "", title), int(token.tag[1:])))
    token.attrSet("id", heading_id)
    tag = f"h{HEADING_LEVEL_MARK}{min(int(token.tag[1:]), 5)}"
    token.tag = tag
    # The closing tag follows the inline token.
    content.meta["tag"] = tag


def _derive_heading_id(title: str, context: RenderContext) -> str:
    if context.uses_github_slugs:
        return build_github_slug(title)
    index = len(context.headings)
    if index < len(context.original_heading_ids):
        return context.original_heading_ids[index]
    slug = _NON_SLUG_CHARS.sub("-", title.casefold()).strip("-") or f"part-{index + 1}"
    return f"{context.step_id}--{slug}" if context.step_id else f"intro--{slug}"


def _process_inline(
    children: Sequence[Token], line: int, context: RenderContext, *, in_heading: bool
) -> Iterator[Token]:
    """Yield the tokens of a block of text with links and images resolved, and glossary terms linked."""
    link_depth = 0
    for token in children:
        link_depth += (token.type == "link_open") - (token.type == "link_close")
        if token.type == "link_open":
            token.attrSet("href", _resolve_target(str(token.attrGet("href")), line, context, "link"))
        elif token.type == "image":
            token.attrSet("src", _resolve_target(str(token.attrGet("src")), line, context, "image"))
            token.attrSet("loading", "lazy")
        if token.type == "text" and not link_depth and not in_heading and context.glossary:
            yield from _link_terms(token, context, context.glossary)
        else:
            yield token
        line += token.type in ("softbreak", "hardbreak")


def _resolve_target(target: str, line: int, context: RenderContext, target_type: str) -> str:
    links = context.links
    try:
        resolved = links.resolve_link(target) if target_type == "link" else links.resolve_image(target)
    except BrokenLinkError as error:
        context.add_problem(line, f"the {target_type} '{target}' {error}")
        return ""
    if resolved.startswith(ANCHOR_OPEN):
        context.linked_anchors.append((resolved[1:-1], line))
    return resolved


def _link_terms(token: Token, context: RenderContext, glossary: Glossary) -> Iterator[Token]:
    position = 0
    for start, end, term_id in glossary.find_term_mentions(token.content):
        if term_id in context.linked_terms:
            continue
        context.linked_terms.add(term_id)
        yield _text_token(token.content[position:start])
        yield Token("link_open", "a", 1, attrs={"class": "term", "href": f"../glossary.html#{term_id}"})
        yield _text_token(token.content[start:end])
        yield Token("link_close", "a", -1)
        position = end
    yield _text_token(token.content[position:]) if position else token


def _text_token(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _render_heading_close(renderer: RendererHTML, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    return f"</{tokens[index - 1].meta['tag']}>\n"


def _render_fence(renderer: RendererHTML, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    token = tokens[index]
    language, file_name = [*token.info.split(), "", ""][:2]
    text = token.content.rstrip("\n")
    # Commands for the learner's own computer look different from other code.
    is_host_command = language == "text" and all(line.startswith("labs ") for line in text.splitlines())
    css_class = "own" if is_host_command else "plain console" if language == "console" else "plain"
    html = code_highlighting.highlight_code(text, language)
    # A block that shows a file has its path after the language.
    caption = f'<p class="where">{escape(file_name)}</p>' if "/" in file_name else ""
    return f'<div class="code {css_class}">{caption}<pre><code>{html}</code></pre></div>\n'


def _render_inline_code(renderer: RendererHTML, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    text = tokens[index].content
    # Short code never breaks across lines; long code breaks between words.
    if len(text) <= _MAX_UNBROKEN_CODE:
        return f"<code>{escape(text)}</code>"
    return f'<code class="long">{code_highlighting.render_inline_code(text)}</code>'


def _render_table_open(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, _env: Any) -> str:
    return f'<div class="table">{renderer.renderToken(tokens, index, options, _env)}'


def _render_table_close(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, _env: Any) -> str:
    return f"{renderer.renderToken(tokens, index, options, _env)}</div>\n"


def _create_parser() -> MarkdownIt:
    # Raw HTML is shown as text, so that a lesson cannot inject scripts.
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    rules = {
        "fence": _render_fence,
        "code_inline": _render_inline_code,
        "code_block": _render_fence,
        "heading_close": _render_heading_close,
        "table_open": _render_table_open,
        "table_close": _render_table_close,
    }
    for name, rule in rules.items():
        parser.add_render_rule(name, rule)
    return parser


_MARKDOWN = _create_parser()
