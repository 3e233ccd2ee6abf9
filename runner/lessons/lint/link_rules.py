"""Links in Markdown files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from markdown_it.token import Token

from runner.lessons import markdown_parser
from runner.lessons.links import ANCHOR_OPEN, BrokenLinkError, LinkResolver, split_link
from runner.lessons.lint.context import LintContext
from runner.lessons.lint.inline_tokens import list_inline_tokens
from runner.lessons.markdown_page import MarkdownPage
from runner.lessons.problems import Problem

_HOST = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_UNDEFINED_REFERENCE = re.compile(r"\[[^\[\]]+\]\[[^\[\]]*\]")


def broken_links(context: LintContext) -> Iterator[Problem]:
    """Every link points to an existing file, step or heading, or is a valid web address."""
    for lesson in context.resolved_lessons:
        yield from lesson.link_problems
    for page in (*context.near_misses, *context.solutions):
        yield from _find_broken_links(page, context.tree.create_link_resolver(context.name, page.path))
    for page in context.all_markdown_pages:
        for line, token in _list_links(page):
            target = _get_target(token)
            if message := _check_web_address(target):
                yield Problem(page.path, line, f"the link '{target}' {message}")
        yield from _find_undefined_references(page)


def _list_links(page: MarkdownPage) -> Iterator[tuple[int, Token]]:
    tokens = list_inline_tokens(page.tokens)
    return ((line, token) for line, _, token in tokens if token.type in ("link_open", "image"))


def _get_target(token: Token) -> str:
    return str(token.attrGet("href") or token.attrGet("src") or "")


def _find_undefined_references(page: MarkdownPage) -> Iterator[Problem]:
    for line, _, token in list_inline_tokens(page.tokens):
        if token.type == "text":
            for match in _UNDEFINED_REFERENCE.finditer(token.content):
                yield Problem(page.path, line, f"the link {match[0]} has no definition")


def _find_broken_links(page: MarkdownPage, links: LinkResolver) -> Iterator[Problem]:
    """Yield the broken links of a page that the site does not show."""
    headings = (content for token, content in pairwise(page.tokens) if token.type == "heading_open")
    anchors = {markdown_parser.split_heading(content).id for content in headings}
    for line, token in _list_links(page):
        target, kind = _get_target(token), "link" if token.type == "link_open" else "image"
        try:
            resolved = links.resolve_link(target) if kind == "link" else links.resolve_image(target)
        except BrokenLinkError as error:
            yield Problem(page.path, line, f"the {kind} '{target}' {error}")
        else:
            if resolved.startswith(ANCHOR_OPEN) and resolved[1:-1] not in anchors:
                yield Problem(page.path, line, f"the link '{target}' does not match any heading of this file")


def _check_web_address(target: str) -> str:
    try:
        parts = split_link(target)
    except BrokenLinkError:
        # Reported above.
        return ""
    if parts.scheme in ("http", "https"):
        return "" if _HOST.fullmatch(parts.hostname or "") else "has no valid host name"
    if parts.scheme == "mailto":
        return "" if "@" in parts.path else "has no e-mail address"
    return ""
