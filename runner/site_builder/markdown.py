"""Render the Markdown of lessons to HTML: heading levels, linked glossary terms, highlighted code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from runner.lessons import markdown_parser
from runner.lessons.glossary import Glossary
from runner.site_builder import code_highlighting

# Precedes the number of a heading's level, which depends on the page that shows it; see `lesson_renderer`.
HEADING_LEVEL_MARK = "\ue000"
_MAX_UNBROKEN_CODE = 26


@dataclass(frozen=True, slots=True)
class TermLinker:
    """Links the first mention of each glossary term in a section.

    Attributes:
        glossary: The terms.
        linked_terms: The ids of the terms already linked; rendering adds to it.

    """

    glossary: Glossary
    linked_terms: set[str] = field(default_factory=set)

    def link_terms(self, children: Sequence[Token]) -> Iterator[Token]:
        """Yield the tokens of a block of text with glossary terms linked, except within links."""
        link_depth = 0
        for token in children:
            link_depth += (token.type == "link_open") - (token.type == "link_close")
            if token.type == "text" and not link_depth:
                yield from self._link_terms_in_text(token)
            else:
                yield token

    def _link_terms_in_text(self, token: Token) -> Iterator[Token]:
        position = 0
        for start, end, term_id in self.glossary.find_term_mentions(token.content):
            if term_id in self.linked_terms:
                continue
            self.linked_terms.add(term_id)
            yield _text_token(token.content[position:start])
            yield Token("link_open", "a", 1, attrs={"class": "term", "href": f"../glossary.html#{term_id}"})
            yield _text_token(token.content[start:end])
            yield Token("link_close", "a", -1)
            position = end
        yield _text_token(token.content[position:]) if position else token


def render_tokens(tokens: Sequence[Token], terms: TermLinker | None = None) -> str:
    """Return resolved Markdown as HTML.

    Args:
        tokens: The tokens; they are changed.
        terms: Links glossary terms; None to link none.

    """
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            token.tag = f"h{HEADING_LEVEL_MARK}{min(int(token.tag[1:]), 5)}"
            # The closing tag follows the inline token.
            tokens[index + 1].meta["tag"] = token.tag
        elif token.type in ("th_open", "td_open") and "style" in token.attrs:
            # The pages' content security policy forbids inline styles.
            token.attrSet("class", str(token.attrs.pop("style")).replace("text-align:", "to-"))
        elif token.type == "inline" and token.children:
            for child in token.children:
                if child.type == "image":
                    child.attrSet("loading", "lazy")
            if terms and tokens[index - 1].type != "heading_open":
                token.children = list(terms.link_terms(token.children))
    return str(_PARSER.renderer.render(tokens, _PARSER.options, {}))


def _text_token(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _render_heading_close(renderer: RendererHTML, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    return f"</{tokens[index - 1].meta['tag']}>\n"


def _render_fence(renderer: RendererHTML, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    token = tokens[index]
    language, file_name = [*token.info.split(), ""][0], markdown_parser.find_file_name(token)
    text = token.content.rstrip("\n")
    # Commands for the learner's own computer look different from other code.
    is_host_command = language == "text" and all(line.startswith("labs ") for line in text.splitlines())
    css_class = "own" if is_host_command else "plain console" if language == "console" else "plain"
    html = code_highlighting.highlight_code(text, language)
    # A block that shows a file has its path after the language.
    caption = f'<p class="where">{escape(file_name)}</p>' if file_name else ""
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
    parser = markdown_parser.create_parser()
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


_PARSER = _create_parser()
