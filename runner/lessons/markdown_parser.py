"""The Markdown of lessons, hints and documentation, which the terminal and the site show alike.

It is CommonMark with tables, but has no HTML: a tag is text, because lessons write `<NAME>` for what a learner fills
in. A comment is not shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.token import Token

_COMMENT_OPEN, _COMMENT_CLOSE = "<!--", "-->"
_HEADING_ID = re.compile(r"\s*\{#(?P<id>[^{}\s]*)\}$")


@dataclass(frozen=True, slots=True)
class HeadingText:
    """The text of a heading.

    Attributes:
        title: Its words, without markup and without its id.
        id: The id that it ends with, as in `{#id}`; empty if there is none. It may be invalid.

    """

    title: str
    id: str


def create_parser() -> MarkdownIt:
    """Return a parser whose tokens contain comments as `html_block` and `html_inline`, and tags as `html_inline`."""
    parser = MarkdownIt("commonmark").enable("table")
    # The rule of CommonMark hides more than comments: a line of `<NAME>` would swallow the block below it.
    parser.block.ruler.at("html_block", _parse_comment_block, {"alt": ["paragraph", "reference", "blockquote"]})
    return parser


@cache
def _get_parser() -> MarkdownIt:
    return create_parser()


def parse_displayed_tokens(text: str, environment: MutableMapping[str, Any] | None = None) -> list[Token]:
    """Return the tokens that a reader sees: without comments, and with tags as text.

    Args:
        text: The Markdown.
        environment: The environment of the parser, such as link definitions; the parser adds to it.

    """
    parsed = _get_parser().parse(text, environment)
    for index, token in enumerate(parsed):
        paragraph = parsed[index + 1 : index + 4]
        if token.type == "html_block" and paragraph and paragraph[0].type == "paragraph_open":
            # Within a list item, only the comment separates this text from the one before it.
            paragraph[0].hidden = paragraph[-1].hidden = False
    tokens = [token for token in parsed if token.type != "html_block"]
    for token in tokens:
        if token.children:
            token.children = list(_list_displayed_children(token.children))
    return tokens


def is_comment(token: Token) -> bool:
    """Return whether a token is a comment."""
    return token.type == "html_block" or (token.type == "html_inline" and token.content.startswith(_COMMENT_OPEN))


def join_inline_text(children: Iterable[Token]) -> str:
    """Return the words within a block of text: no markup, and line breaks as spaces."""
    parts = []
    for token in _list_displayed_children(children):
        if token.type in ("softbreak", "hardbreak"):
            parts.append(" ")
        elif token.type == "image":
            parts.append(join_inline_text(token.children or ()))
        else:
            parts.append(token.content)
    return "".join(parts)


def extract_line(content: Token) -> str:
    """Return the words of an `inline` token, such as that of a heading."""
    return " ".join(join_inline_text(content.children or ()).split())


def extract_text(text: str) -> str:
    """Return the words of Markdown on one line, without markup."""
    parts: list[str] = []
    for token in parse_displayed_tokens(text):
        if token.type == "inline":
            parts.append(join_inline_text(token.children or ()))
        elif token.type in ("fence", "code_block"):
            parts.append(token.content)
    return " ".join(" ".join(parts).split())


def split_heading(content: Token) -> HeadingText:
    """Return the words and the id of a heading, from its `inline` token."""
    title = extract_line(content)
    match = _HEADING_ID.search(_find_last_text(content).content)
    return HeadingText(title.removesuffix(match[0].strip()).rstrip(), match["id"]) if match else HeadingText(title, "")


def remove_heading_id(content: Token) -> None:
    """Remove the id from the `inline` token of a heading, so that readers do not see it."""
    last = _find_last_text(content)
    last.content = _HEADING_ID.sub("", last.content)


def _find_last_text(content: Token) -> Token:
    """Return the token of the last words of a heading; a new one if it ends with something else, such as code."""
    last = content.children[-1] if content.children else None
    return last if last and last.type == "text" else Token("text", "", 0)


def find_file_name(fence: Token) -> str:
    """Return the path of the file that a code block shows, from the line that starts it; empty if it names none."""
    words = fence.info.split()[1:2]
    return words[0] if words and "/" in words[0] else ""


def _list_displayed_children(children: Iterable[Token]) -> Iterator[Token]:
    previous, is_after_comment = "", False
    for token in children:
        if is_comment(token):
            is_after_comment = True
            continue
        shown = token
        if token.type == "html_inline":
            shown = Token("text", "", 0, content=" ".join(token.content.split("\n")), level=token.level)
        elif token.type == "text" and is_after_comment and previous in ("", " "):
            # Only one of the spaces around the comment remains.
            shown = token.copy(content=token.content.lstrip(" "))
        yield shown
        is_break = token.type in ("softbreak", "hardbreak")
        previous, is_after_comment = " " if is_break else token.content[-1:], False


def _parse_comment_block(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    """Parse comments that fill entire lines; the parser calls this where a block may start."""
    start = state.bMarks[start_line] + state.tShift[start_line]
    if state.is_code_block(start_line) or not state.src.startswith(_COMMENT_OPEN, start):
        return False
    lines = list(_list_block_lines(state, start_line, end_line))
    count = _count_comment_lines(lines)
    if count and not silent:
        state.line = start_line + count
        token = state.push("html_block", "", 0)
        token.map = [start_line, state.line]
        token.content = "\n".join(lines[:count])
    return count > 0


def _list_block_lines(state: StateBlock, start_line: int, end_line: int) -> Iterator[str]:
    """Yield the lines of the list item, quote or document that a block starts in."""
    for line in range(start_line, end_line):
        if state.sCount[line] < state.blkIndent and not state.isEmpty(line):
            return
        yield state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]


def _count_comment_lines(lines: Sequence[str]) -> int:
    """Return how many lines the comments at the start of some lines fill; 0 if one is not closed or text follows."""
    is_open = False
    for count, line in enumerate(lines, 1):
        rest = line
        while rest:
            if is_open:
                is_open = _COMMENT_CLOSE not in rest
                rest = rest.partition(_COMMENT_CLOSE)[2].lstrip()
            elif rest.startswith(_COMMENT_OPEN):
                # `<!-->` is a complete comment.
                is_open, rest = True, rest[2:]
            else:
                return 0
        if not is_open:
            return count
    return 0
