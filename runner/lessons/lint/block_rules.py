"""Blocks that look like commands or hints and are neither."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Set

from markdown_it.token import Token

from runner.lessons.lint.context import LintContext
from runner.lessons.markdown_page import MarkdownPage, Section
from runner.lessons.model import Command, Hint
from runner.lessons.problems import Problem

_COLONS = re.compile(r"^\s*:{2,}\s*\w*")


def blocks(subject: LintContext) -> Iterator[Problem]:
    """What looks like a command or a hint is one, and stands where it is read."""
    nodes = set(subject.page.node_names)
    for page in subject.pages:
        for token in page.tokens:
            line = token.map[0] + 1 if token.map else 1
            if message := _message(page, token, nodes):
                yield Problem(page.path, line, message)
    yield from _idle(subject.page, subject.page.sections[:1], "before the first step")
    for page in subject.near_misses:
        others = [section for section in page.sections if section.title not in ("Wrong", "Cure")]
        yield from _idle(page, others, "outside '## Wrong' and '## Cure'")


def _message(page: MarkdownPage, token: Token, nodes: Set[str]) -> str:
    if token.type == "fence":
        kind, *words = token.info.split() or [""]
        if kind not in ("sh", "picture") and nodes & set(words):
            return f"a block of '{kind}' is never played; a command begins with ```sh"
    elif token.type == "container_hint_open" and not _is_closed(page, token):
        return "the hint is never closed; a line of ::: ends it"
    elif token.type == "inline" and _COLONS.match(token.content):
        return f"'{token.content.split()[0]}' begins no block; a hint begins with ::: hint, and ends with :::"
    return ""


def _idle(page: MarkdownPage, sections: Iterable[Section], where: str) -> Iterator[Problem]:
    for section in sections:
        for part in section.parts:
            if isinstance(part, Command | Hint):
                kind = "a command" if isinstance(part, Command) else "a hint"
                yield Problem(page.path, part.line, f"{kind} {where} is never read")


def _is_closed(page: MarkdownPage, token: Token) -> bool:
    end = token.map[1] if token.map else 0
    return end < len(page.lines) and page.lines[end].lstrip().startswith(":::")
