"""Characters that are invisible."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from runner.lessons.lint.context import LintContext, read_utf8_or_none
from runner.lessons.lint.inline_tokens import list_inline_tokens
from runner.lessons.markdown_page import MarkdownPage
from runner.lessons.problems import Problem

_NOT_PRINTABLE_ASCII = re.compile(r"[^\t\n\x20-\x7e]")
# Unicode classifies these as letters or marks, but they are invisible.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_VARIATION_SELECTORS = (range(0xFE00, 0xFE10), range(0x180B, 0x1810), range(0xE0100, 0xE01F0))


def invisible_chars(context: LintContext) -> Iterator[Problem]:
    """No file contains invisible characters: zero-width, direction marks, unusual spaces, or tabs in commands."""
    for path, text in context.text_files:
        yield from _find_in_file(path, text)
    for page in context.all_markdown_pages:
        yield from _find_escaped_in_page(page)
    check_source = read_utf8_or_none(context.check_file.path) or ""
    for check in context.check_file.checks:
        yield from _report_escaped(context.check_file.path, check.line, check.says, check_source)
    for page, command in context.commands_with_pages:
        line = next((index for index, line in enumerate(command.script.split("\n"), 1) if "\t" in line), None)
        if line is not None:
            message = "replace the tab by spaces: where a learner types or pastes a tab, the shell completes a word"
            yield Problem(page.path, command.line + line, message)


def _find_in_file(path: Path, text: str) -> Iterator[Problem]:
    # The Markdown reader accepts the byte order mark and the line ends of Windows editors; a shell does not.
    lines = (text.removeprefix("\ufeff").replace("\r\n", "\n") if path.suffix == ".md" else text).split("\n")
    first_lines: dict[str, int] = {}
    line_counts: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        for char in _find_chars(line):
            first_lines.setdefault(char, number)
            line_counts[char] = line_counts.get(char, 0) + 1
    for char, number in first_lines.items():
        others = f" (other lines with it: {line_counts[char] - 1})" if line_counts[char] > 1 else ""
        yield Problem(path, number, f"remove the invisible character {describe_char(char)}{others}")


def _find_escaped_in_page(page: MarkdownPage) -> Iterator[Problem]:
    """Yield invisible characters that are written as entities of HTML, or as escapes of YAML."""
    for line, block, token in list_inline_tokens(page.tokens):
        if token.type == "text" or "title" in token.attrs:
            yield from _report_escaped(page.path, line, f"{token.content}{token.attrs.get('title', '')}", block.content)
    source = "\n".join(page.lines)
    for key, value in page.front_matter.items():
        yield from _report_escaped(page.path, page.find_front_matter_line_number(key), _join_texts(value), source)


def _join_texts(value: Any) -> str:
    """Return all texts in data, one per line."""
    if isinstance(value, dict):
        return "\n".join(_join_texts(item) for pair in value.items() for item in pair)
    if isinstance(value, list | tuple):
        return "\n".join(map(_join_texts, value))
    return str(value)


def _report_escaped(path: Path, line: int, shown: str, source: str) -> Iterator[Problem]:
    """Yield the invisible characters of a text that its source does not contain; the others are reported already."""
    for char in _find_chars(shown):
        if char not in source:
            message = f"remove the invisible character {describe_char(char)}, which is written as an escape here"
            yield Problem(path, line, message)


def _find_chars(text: str) -> list[str]:
    return [char for char in dict.fromkeys(_NOT_PRINTABLE_ASCII.findall(text)) if _is_invisible(char)]


def _is_invisible(char: str) -> bool:
    if char in _BLANK or any(ord(char) in block for block in _VARIATION_SELECTORS):
        return True
    return unicodedata.category(char) in ("Cc", "Cf", "Co", "Cn", "Zs", "Zl", "Zp")


def describe_char(char: str) -> str:
    """Return the number and the name of a character."""
    return f"U+{ord(char):04X} {unicodedata.name(char, 'CONTROL CHARACTER')}"
