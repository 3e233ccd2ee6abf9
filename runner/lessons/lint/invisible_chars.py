"""Characters that nobody sees."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from runner.lessons.lint.context import LintContext
from runner.lessons.problems import Problem

_PLAIN = re.compile(r"[^\t\n\x20-\x7e]")
# Letters and marks by their class, and yet nothing to see.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_VARIANTS = (range(0xFE00, 0xFE10), range(0x180B, 0x1810), range(0xE0100, 0xE01F0))


def invisible_chars(subject: LintContext) -> Iterator[Problem]:
    """No file holds characters that nobody sees: of no width, turning the direction, odd spaces, control characters."""
    for path, text in subject.text_files:
        # Whoever reads our Markdown does not mind what editors of Windows add; a shell does.
        lines = (text.removeprefix("\ufeff").replace("\r\n", "\n") if path.suffix == ".md" else text).split("\n")
        first: dict[str, int] = {}
        times: dict[str, int] = {}
        for number, line in enumerate(lines, 1):
            for char in dict.fromkeys(_PLAIN.findall(line)):
                if _unseen(char):
                    first.setdefault(char, number)
                    times[char] = times.get(char, 0) + 1
        for char, number in first.items():
            more = f", and on {times[char] - 1} more lines" if times[char] > 1 else ""
            yield Problem(path, number, f"a character that nobody sees: {describe_char(char)}{more}")


def _unseen(char: str) -> bool:
    if char in _BLANK or any(ord(char) in block for block in _VARIANTS):
        return True
    return unicodedata.category(char) in ("Cc", "Cf", "Co", "Cn", "Zs", "Zl", "Zp")


def describe_char(char: str) -> str:
    """Return what to call a character: its number and its name."""
    return f"U+{ord(char):04X} {unicodedata.name(char, 'CONTROL CHARACTER')}"
