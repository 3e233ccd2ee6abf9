"""Links."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from markdown_it.token import Token

from runner.lessons.lint.context import LintContext, read_text_file
from runner.lessons.markdown_page import MarkdownPage
from runner.lessons.problems import Problem

_HEADING_ID = re.compile(r"^## .*\{#([a-z][a-z0-9-]*)\}\s*$", re.MULTILINE)
_HOST = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_UNDEFINED = re.compile(r"\[[^\[\]]+\]\[[^\[\]]*\]")


def links(subject: LintContext) -> Iterator[Problem]:
    """Every link leads to a file of this tree, to a step, or has the shape of a web address."""
    for page in subject.pages:
        for line, target in _targets(page.tokens):
            wrong = _wrong(page, target)
            if wrong:
                yield Problem(page.path, line, f"the link '{target}' {wrong}")
        for line, text in _undefined(page.tokens):
            yield Problem(page.path, line, f"the link {text} is defined nowhere")


def _inline(tokens: Sequence[Token]) -> Iterator[tuple[int, Token]]:
    """Yield what stands within lines, with its line."""
    for token in tokens:
        line = token.map[0] + 1 if token.map else 1
        for child in token.children or ():
            yield line, child
            line += child.type in ("softbreak", "hardbreak")


def _targets(tokens: Sequence[Token]) -> Iterator[tuple[int, str]]:
    for line, token in _inline(tokens):
        if token.type in ("link_open", "image"):
            yield line, str(token.attrGet("href") or token.attrGet("src") or "")


def _undefined(tokens: Sequence[Token]) -> Iterator[tuple[int, str]]:
    for line, token in _inline(tokens):
        if token.type == "text":
            yield from ((line, match[0]) for match in _UNDEFINED.finditer(token.content))


def _wrong(page: MarkdownPage, target: str) -> str:
    try:
        parts = urlsplit(target)
    except ValueError as error:
        return f"is none: {error}"
    if parts.scheme in ("http", "https"):
        return "" if _HOST.fullmatch(parts.hostname or "") else "names no host"
    if parts.scheme == "mailto":
        return "" if "@" in parts.path else "names no address"
    if parts.scheme or parts.netloc or parts.path.startswith("/"):
        return "leads neither to the web nor to a file beside this one"
    path = page.path.parent / unquote(parts.path) if parts.path else page.path
    try:
        return _missing(path, unquote(parts.fragment))
    except OSError as error:
        # A name that is too long, or a folder that this user may not enter.
        return f"cannot be followed: {error.strerror}"


def _missing(path: Path, anchor: str) -> str:
    text = read_text_file(path) if path.is_file() else None
    if text is None and not path.exists():
        return "leads to no file"
    if anchor and anchor not in _HEADING_ID.findall(text or ""):
        return f"leads to no step: {path.name} has no heading with {{#{anchor}}}"
    return ""
