"""Blocks that look like commands or hints and are neither."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it.token import Token

from runner.lessons.lint.subject import Subject
from runner.lessons.page import Page
from runner.lessons.problems import Problem

_COLONS = re.compile(r"^\s*:{2,}\s*\w*")


def blocks(subject: Subject) -> Iterator[Problem]:
    """What looks like a command or a hint is one: `sh` and a node's name, `:::` around a hint."""
    nodes = set(subject.lesson.topology.names)
    for page in subject.pages:
        for token in page.tokens:
            line = token.map[0] + 1 if token.map else 1
            if token.type == "fence":
                kind, *words = token.info.split() or [""]
                if kind != "sh" and nodes & set(words):
                    yield Problem(page.path, line, f"a block of '{kind}' is never played; a command begins with ```sh")
            elif token.type == "container_hint_open":
                if not _is_closed(page, token):
                    yield Problem(page.path, line, "the hint is never closed; a line of ::: ends it")
            elif token.type == "inline" and _COLONS.match(token.content):
                yield Problem(
                    page.path, line, f"'{token.content.split()[0]}' begins and ends hints: ::: hint, then :::"
                )


def _is_closed(page: Page, token: Token) -> bool:
    end = token.map[1] if token.map else 0
    return end < len(page.lines) and page.lines[end].lstrip().startswith(":::")
