"""Links in Markdown files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from markdown_it.token import Token

from runner.lessons.lint.context import LintContext, read_utf8_or_none
from runner.lessons.markdown_page import MarkdownPage
from runner.lessons.problems import Problem

_HEADING_ID = re.compile(r"^## .*\{#([a-z][a-z0-9-]*)\}\s*$", re.MULTILINE)
_HOST = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_UNDEFINED_REFERENCE = re.compile(r"\[[^\[\]]+\]\[[^\[\]]*\]")


def broken_links(context: LintContext) -> Iterator[Problem]:
    """Every link points to an existing file or step, or is a valid web address."""
    for page in context.all_markdown_pages:
        for line, target in _find_targets(page.tokens):
            if message := _check_target(page, target):
                yield Problem(page.path, line, f"the link '{target}' {message}")
        for line, text in _find_undefined_references(page.tokens):
            yield Problem(page.path, line, f"the link {text} has no definition")


def _list_inline_tokens(tokens: Sequence[Token]) -> Iterator[tuple[int, Token]]:
    """Yield the tokens within lines, with the line of each."""
    for token in tokens:
        line = token.map[0] + 1 if token.map else 1
        for child in token.children or ():
            yield line, child
            line += child.type in ("softbreak", "hardbreak")


def _find_targets(tokens: Sequence[Token]) -> Iterator[tuple[int, str]]:
    for line, token in _list_inline_tokens(tokens):
        if token.type in ("link_open", "image"):
            yield line, str(token.attrGet("href") or token.attrGet("src") or "")


def _find_undefined_references(tokens: Sequence[Token]) -> Iterator[tuple[int, str]]:
    for line, token in _list_inline_tokens(tokens):
        if token.type == "text":
            yield from ((line, match[0]) for match in _UNDEFINED_REFERENCE.finditer(token.content))


def _check_target(page: MarkdownPage, target: str) -> str:
    try:
        parts = urlsplit(target)
    except ValueError as error:
        return f"is not a valid address: {error}"
    if parts.scheme in ("http", "https"):
        return "" if _HOST.fullmatch(parts.hostname or "") else "has no valid host name"
    if parts.scheme == "mailto":
        return "" if "@" in parts.path else "has no e-mail address"
    if parts.scheme or parts.netloc or parts.path.startswith("/"):
        return "must be a web address or a path relative to this file"
    path = page.path.parent / unquote(parts.path) if parts.path else page.path
    try:
        return _check_file(path, unquote(parts.fragment))
    except OSError as error:
        # The name is too long, or the user has no permission to open the folder.
        return f"cannot be followed: {error.strerror}"


def _check_file(path: Path, anchor: str) -> str:
    text = read_utf8_or_none(path) if path.is_file() else None
    if text is None and not path.exists():
        return "points to a file that does not exist"
    if anchor and anchor not in _HEADING_ID.findall(text or ""):
        return f"points to a step that does not exist: {path.name} has no heading with {{#{anchor}}}"
    return ""
