"""Markdown of lessons as HTML: headings with anchors, links that lead somewhere, terms, and marked code."""

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
from runner.site_builder.links import ANCHOR_OPEN, OF_THE_PAGE, BrokenLinkError, Links

# Before the number of a heading's level, which depends on the page that it comes to stand on.
LEVEL = "\ue000"
_EXPLICIT = re.compile(r"^(?P<title>.*?)\s*\{#(?P<id>[a-z][a-z0-9-]*)\}$")
_SHORT = 26
_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")
_MARKS = re.compile(r"`+|\*+|^\s*(?:#+|>|-|\|[-|: ]+$)\s|\{#[a-z0-9-]+\}|\|", re.MULTILINE)
_NO_LETTERS = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading within a step."""

    id: str
    title: str


@dataclass(slots=True)
class Sheet:
    """What a piece of Markdown stands on: a step, or what comes before the steps.

    Attributes:
        step: The step's id.
        links: Where links lead.
        glossary: The terms to link; None where they are not.
        given: The ids of its headings in the language they were translated from, by their order.
        headings: Those found.
        anchors: The line and the step of every anchor of the file; found ones are added.
        wanted: The anchors of this file that links lead to, with the links' lines; found ones are added.
        problems: What is wrong; found problems are added.
        told: The terms linked already.

    """

    step: str
    links: Links
    glossary: Glossary | None
    given: Sequence[str] = ()
    headings: list[Heading] = field(default_factory=list)
    anchors: dict[str, tuple[int, str]] = field(default_factory=dict)
    wanted: list[tuple[str, int]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    told: set[str] = field(default_factory=set)

    def complain(self, line: int, message: str) -> None:
        """Add to what is wrong."""
        self.problems.append(Problem(self.links.file, line, message))

    def anchor(self, name: str, line: int) -> None:
        """Note an anchor, of which there must be no second."""
        if name in OF_THE_PAGE:
            self.complain(line, f"the anchor '{name}' is the page's own; end the heading with another {{#id}}")
        if name in self.anchors:
            taken = self.anchors[name][0]
            self.complain(line, f"the anchor '{name}' is taken on line {taken}; end the heading with another {{#id}}")
        self.anchors.setdefault(name, (line, self.step))


def render(text: str, line: int, sheet: Sheet, references: dict[str, Any] | None = None) -> str:
    """Return Markdown as HTML.

    Args:
        text: The Markdown.
        line: The line of its file that it begins on, counted from 1.
        sheet: What it stands on; headings, anchors and problems are added there.
        references: Link targets that are defined elsewhere in the file.

    """
    environment: dict[str, Any] = {"references": references or {}}
    tokens = _MARKDOWN.parse(code_highlighting.PRIVATE.sub("", text), environment)
    for at, token in enumerate(tokens):
        where = line + (token.map[0] if token.map else 0)
        if token.type == "heading_open":
            _head(token, tokens[at + 1], where, sheet)
        elif token.type in ("th_open", "td_open") and "style" in token.attrs:
            # Pages allow no styles of an element's own.
            token.attrSet("class", str(token.attrs.pop("style")).replace("text-align:", "to-"))
        elif token.type == "inline" and token.children:
            token.children = list(_linked(token.children, where, sheet, in_heading=tokens[at - 1].tag[:1] == "h"))
    return str(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, environment))


def references(text: str) -> dict[str, Any]:
    """Return the link targets that a whole file defines, for its pieces to use."""
    if "]:" not in text:
        return {}
    environment: dict[str, Any] = {}
    _MARKDOWN.parse(text, environment)
    found: dict[str, Any] = environment.get("references", {})
    return found


def plain(text: str) -> str:
    """Return the words of Markdown in one line, with no more of its marks than do no harm."""
    return " ".join(_MARKS.sub("", _LINK.sub(r"\1", text)).split())


def _head(token: Token, title: Token, line: int, sheet: Sheet) -> None:
    if token.tag == "h1":
        sheet.complain(line, "a lesson's title is in its front matter; headings within a step begin with '###'")
    match = _EXPLICIT.match(title.content)
    if match and title.children:
        last = title.children[-1]
        last.content = last.content[: last.content.rfind("{#")].rstrip()
    plain = match["title"] if match else title.content
    name = match["id"] if match else _anchor(plain, sheet)
    sheet.anchor(name, line)
    sheet.headings.append(Heading(name, re.sub(r"[`*]", "", plain)))
    token.attrSet("id", name)
    level = f"h{LEVEL}{min(int(token.tag[1:]), 5)}"
    token.tag = level
    # The closing tag follows the inline token.
    title.meta["level"] = level


def _anchor(title: str, sheet: Sheet) -> str:
    number = len(sheet.headings)
    if number < len(sheet.given):
        return sheet.given[number]
    slug = _NO_LETTERS.sub("-", title.casefold()).strip("-") or f"part-{number + 1}"
    return f"{sheet.step}--{slug}" if sheet.step else f"intro--{slug}"


def _linked(children: Sequence[Token], line: int, sheet: Sheet, *, in_heading: bool) -> Iterator[Token]:
    inside = 0
    for token in children:
        inside += (token.type == "link_open") - (token.type == "link_close")
        if token.type == "link_open":
            token.attrSet("href", _resolved(str(token.attrGet("href")), line, sheet, "link"))
        elif token.type == "image":
            token.attrSet("src", _resolved(str(token.attrGet("src")), line, sheet, "image"))
            token.attrSet("loading", "lazy")
        if token.type == "text" and not inside and not in_heading and sheet.glossary:
            yield from _with_terms(token, sheet, sheet.glossary)
        else:
            yield token
        line += token.type in ("softbreak", "hardbreak")


def _resolved(target: str, line: int, sheet: Sheet, kind: str) -> str:
    try:
        found = sheet.links.target(target) if kind == "link" else sheet.links.image(target)
    except BrokenLinkError as error:
        sheet.complain(line, f"the {kind} '{target}' {error}")
        return ""
    if found.startswith(ANCHOR_OPEN):
        sheet.wanted.append((found[1:-1], line))
    return found


def _with_terms(token: Token, sheet: Sheet, glossary: Glossary) -> Iterator[Token]:
    done = 0
    for start, end, name in glossary.mentions(token.content):
        if name in sheet.told:
            continue
        sheet.told.add(name)
        yield _text(token.content[done:start])
        yield Token("link_open", "a", 1, attrs={"class": "term", "href": f"../glossary.html#{name}"})
        yield _text(token.content[start:end])
        yield Token("link_close", "a", -1)
        done = end
    yield _text(token.content[done:]) if done else token


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _close_heading(renderer: RendererHTML, tokens: Sequence[Token], at: int, _options: Any, _env: Any) -> str:
    return f"</{tokens[at - 1].meta['level']}>\n"


def _fence(renderer: RendererHTML, tokens: Sequence[Token], at: int, _options: Any, _env: Any) -> str:
    token = tokens[at]
    language = token.info.split()[0] if token.info.split() else ""
    text = token.content.rstrip("\n")
    own = language == "text" and all(line.startswith("labs ") for line in text.splitlines())
    kind = "own" if own else "plain"
    return f'<div class="code {kind}"><pre><code>{code_highlighting.highlight(text, language)}</code></pre></div>\n'


def _code(renderer: RendererHTML, tokens: Sequence[Token], at: int, _options: Any, _env: Any) -> str:
    text = tokens[at].content
    # A short piece is not broken at all; a long one must be, between its words.
    return (
        f"<code>{escape(text)}</code>"
        if len(text) <= _SHORT
        else f'<code class="long">{code_highlighting.inline(text)}</code>'
    )


def _table_open(renderer: RendererHTML, tokens: Sequence[Token], at: int, options: Any, _env: Any) -> str:
    return f'<div class="table">{renderer.renderToken(tokens, at, options, _env)}'


def _table_close(renderer: RendererHTML, tokens: Sequence[Token], at: int, options: Any, _env: Any) -> str:
    return f"{renderer.renderToken(tokens, at, options, _env)}</div>\n"


def _made() -> MarkdownIt:
    # Raw HTML is shown as the text that it is, so that a lesson can bring no script.
    made = MarkdownIt("commonmark", {"html": False}).enable("table")
    rules = {
        "fence": _fence,
        "code_inline": _code,
        "code_block": _fence,
        "heading_close": _close_heading,
        "table_open": _table_open,
        "table_close": _table_close,
    }
    for name, rule in rules.items():
        made.add_render_rule(name, rule)
    return made


_MARKDOWN = _made()
