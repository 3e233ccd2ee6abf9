"""HTML in Markdown, which lessons do not have: the terminal could not show it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it.common.html_blocks import block_names
from markdown_it.token import Token

from runner.lessons import markdown_parser
from runner.lessons.lint.context import LintContext
from runner.lessons.lint.inline_tokens import list_inline_tokens
from runner.lessons.problems import Problem

# `<NAME>` is what a learner fills in, and so are words that are no elements of HTML.
_PLACEHOLDER = re.compile(r"<[A-Z][A-Z0-9_]*>")
_NAME = re.compile(r"</?([A-Za-z][A-Za-z0-9]*)(?![A-Za-z0-9-])")
_DECLARATION = re.compile(r"<[!?]")
_COMMENT = re.compile(r"<!--(?:(?!<!--).)*?-->", re.DOTALL)
_OPEN_COMMENT = re.compile(r"(?<!\\)<!--")
_INLINE_NAMES = """
    a abbr acronym applet audio b bdi bdo big blink br button canvas cite code data datalist del dfn em embed font i img
    input ins kbd label map mark marquee math meter object output picture pre progress q rp rt ruby s samp script select
    slot small source span strike strong style sub sup svg template textarea time tt u var video wbr
"""
_ELEMENTS = frozenset({*block_names, *_INLINE_NAMES.split()})
_REPLACEMENTS = {
    ("br",): "end the line with a backslash",
    ("code", "kbd", "samp", "tt", "var"): "write `text`",
    ("b", "strong"): "write **text**",
    ("i", "em"): "write *text*",
    ("a",): "write [text](target)",
    ("img",): "write ![text](path)",
    ("pre",): "write a code block",
    ("hr",): "write ---",
    ("ul", "ol", "li"): "write a list with -",
    ("table", "tr", "td", "th"): "write a table with |",
    ("details", "summary"): "write a hint: ::: hint",
}


def html_in_text(context: LintContext) -> Iterator[Problem]:
    """No text contains HTML tags, or comments that are not closed: they are shown as they are written."""
    for page in context.all_markdown_pages:
        opened: set[str] = set()
        for line, block, token in list_inline_tokens(page.tokens):
            message = ""
            if token.type == "html_inline" and not markdown_parser.is_comment(token):
                message = _describe_tag(" ".join(token.content.split()), opened)
            elif token.type == "text" and "<!--" in token.content and _has_open_comment(block):
                message = "the comment that starts here is shown; close it with -->, with nothing after it on that line"
            if message:
                yield Problem(page.path, line, message)
        for token in page.tokens:
            # Complete comments follow each other, but one within another was meant to start after the first one's end.
            if token.type == "html_block" and token.map and "<!--" in _COMMENT.sub("", token.content):
                yield Problem(
                    page.path, token.map[0] + 1, "the comment that starts here hides the next one, too; close it"
                )


def _has_open_comment(block: Token) -> bool:
    """Return whether a block of text has the start of a comment that is not written as code or with entities."""
    source = block.content
    for token in block.children or ():
        if token.type in ("code_inline", "html_inline"):
            source = source.replace(token.content, "")
    return _OPEN_COMMENT.search(source) is not None


def _describe_tag(tag: str, opened: set[str]) -> str:
    """Return what is wrong with a tag, if anything; the names of elements that it opens are added to `opened`."""
    advice = _find_advice(tag)
    match = _NAME.match(tag)
    name = match[1].lower() if match else ""
    if tag.startswith("</") and name in opened:
        # The element was reported where it starts.
        return ""
    opened.add(name)
    return f"the tag '{tag}' is shown as it is written; {advice}" if advice else ""


def _find_advice(tag: str) -> str:
    """Return what to write instead of a tag; empty if it is not HTML but something to fill in."""
    if _DECLARATION.match(tag):
        return "remove it, or put it into backticks"
    match = _NAME.match(tag)
    name = match[1].lower() if match else ""
    if _PLACEHOLDER.fullmatch(tag) or name not in _ELEMENTS:
        return ""
    replacement = next((text for names, text in _REPLACEMENTS.items() if name in names), "remove it")
    return f"{replacement}, or put it into backticks"
