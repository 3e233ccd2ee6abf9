"""Blocks that look like commands or hints but are not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from markdown_it.token import Token

from runner.lessons import code_blocks
from runner.lessons.lint.context import LintContext
from runner.lessons.markdown_page import MarkdownPage, PageSection
from runner.lessons.model import Command, Hint
from runner.lessons.problems import Problem

_COLONS = re.compile(r"^\s*:{2,}\s*\w*")


def ignored_blocks(context: LintContext) -> Iterator[Problem]:
    """Everything that looks like a command or a hint is one, and is in a place where it is used."""
    node_names = set(context.page.node_names)
    for page in context.all_markdown_pages:
        ignored = code_blocks.find_ignored_blocks(page.tokens, page.lines, node_names, may_show_others=True)
        yield from (Problem(page.path, line, message) for line, message in ignored)
        for token in page.tokens:
            line = token.map[0] + 1 if token.map else 1
            if message := _find_token_problem(page, token):
                yield Problem(page.path, line, message)
    yield from _report_ignored_blocks(context.page, context.page.sections[:1], "before the first step")
    for page in context.near_misses:
        other_sections = [section for section in page.sections if section.title not in ("Wrong", "Cure")]
        yield from _report_ignored_blocks(page, other_sections, "outside '## Wrong' and '## Cure'")


def _find_token_problem(page: MarkdownPage, token: Token) -> str:
    if token.level and (token.type == "container_hint_open" or token.info.split()[:1] == ["picture"]):
        name = "hint" if token.type == "container_hint_open" else "picture"
        return f"a {name} inside a list, quote or hint is shown as it is written; move it to the left margin"
    if token.type == "container_hint_open" and not _is_closed(page, token):
        return "the hint is not closed; end it with a line of :::"
    if token.type == "inline" and _COLONS.match(token.content):
        return f"'{token.content.split()[0]}' does not start a block; a hint starts with ::: hint and ends with :::"
    return ""


def _report_ignored_blocks(page: MarkdownPage, sections: Iterable[PageSection], location: str) -> Iterator[Problem]:
    for section in sections:
        for part in section.parts:
            if isinstance(part, Command | Hint):
                name = "a command" if isinstance(part, Command) else "a hint"
                yield Problem(page.path, part.line, f"{name} {location} is ignored")


def _is_closed(page: MarkdownPage, token: Token) -> bool:
    end = token.map[1] if token.map else 0
    return end < len(page.lines) and page.lines[end].lstrip().startswith(":::")
