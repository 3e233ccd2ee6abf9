"""Characters that are invisible."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from runner.lessons.lint.context import LintContext
from runner.lessons.problems import Problem

_NOT_PRINTABLE_ASCII = re.compile(r"[^\t\n\x20-\x7e]")
# Unicode classifies these as letters or marks, but they are invisible.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_VARIATION_SELECTORS = (range(0xFE00, 0xFE10), range(0x180B, 0x1810), range(0xE0100, 0xE01F0))


def invisible_chars(context: LintContext) -> Iterator[Problem]:
    """No file contains invisible characters: zero-width, direction marks, unusual spaces or control characters."""
    for path, text in context.text_files:
        # The Markdown reader accepts the byte order mark and the line ends of Windows editors; a shell does not.
        lines = (text.removeprefix("\ufeff").replace("\r\n", "\n") if path.suffix == ".md" else text).split("\n")
        first_lines: dict[str, int] = {}
        line_counts: dict[str, int] = {}
        for number, line in enumerate(lines, 1):
            for char in dict.fromkeys(_NOT_PRINTABLE_ASCII.findall(line)):
                if _is_invisible(char):
                    first_lines.setdefault(char, number)
                    line_counts[char] = line_counts.get(char, 0) + 1
        for char, number in first_lines.items():
            others = f" (other lines with it: {line_counts[char] - 1})" if line_counts[char] > 1 else ""
            yield Problem(path, number, f"remove the invisible character {describe_char(char)}{others}")


def _is_invisible(char: str) -> bool:
    if char in _BLANK or any(ord(char) in block for block in _VARIATION_SELECTORS):
        return True
    return unicodedata.category(char) in ("Cc", "Cf", "Co", "Cn", "Zs", "Zl", "Zp")


def describe_char(char: str) -> str:
    """Return the number and the name of a character."""
    return f"U+{ord(char):04X} {unicodedata.name(char, 'CONTROL CHARACTER')}"
