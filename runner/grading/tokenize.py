"""Lines as words, and what the lessons tell learners to type: what two submissions have from there is no copying."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner import paths
from runner.lessons.model import PLACEHOLDER

Words = tuple[str, ...]

_WORD = re.compile(r"\d[\w.-]*|-{0,2}[^\W\d][\w-]*|[^\w\s]")
_NUMBER = re.compile(r"\d[\d.-]*")
# Options, and what is no word.
_MARK = re.compile(r"-|\W")
# Commands in a row on one line, and one command on several.
_END, _CONTINUED = re.compile(r"\n|&&|;"), re.compile(r"\\\r?\n")
_COMMENT = ("#", "//")
_FENCED = re.compile(r"^ *(`{3,}|~{3,})[^\n]*\n(.*?)^ *\1", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


@dataclass(frozen=True, slots=True)
class CodeLine:
    """One command or line of a file.

    Attributes:
        text: As it was written.
        words: Its words without the white space between them, and with 0 for every number or address.
        kind: What it has in common with all lines that differ from it by names and numbers, and begin with its word.

    """

    text: str
    words: Words
    shape: Words


def tokenize_lines(text: str) -> Iterator[CodeLine]:
    """Yield the lines of a text that hold any word; comments are left out."""
    for part in _END.split(_CONTINUED.sub(" ", text)):
        line = part.strip()
        if not line.startswith(_COMMENT) and any(map(str.isalpha, line)):
            words = tuple("0" if _NUMBER.fullmatch(word) else word for word in _WORD.findall(line))
            yield CodeLine(line, words, (words[0], *(word if _MARK.match(word) else "" for word in words[1:])))


def anonymize_names(words: Sequence[str]) -> str:
    """Return words with each name as the number of its first appearance: who copies gives things other names."""
    known: dict[str, str] = {"0": "0"}
    return " ".join(word if _MARK.match(word) else known.setdefault(word, str(len(known))) for word in words)


def load_lesson_shapes() -> frozenset[Words]:
    """Return the kinds of all lines that lessons tell to type: in blocks, hints, solutions and the files they bring."""
    return frozenset(line.shape for text in _texts() for line in tokenize_lines(PLACEHOLDER.sub("NAME", text)))


def _texts() -> Iterator[str]:
    labs = paths.labs_folder()
    for page in sorted([*labs.glob("*/lesson*.md"), *labs.glob("*/solution/*.md")]):
        text = read_text_or_empty(page)
        yield from (match[2] for match in _FENCED.finditer(text))
        yield from (match[1] for match in _INLINE.finditer(_FENCED.sub("", text)))
    yield from map(read_text_or_empty, sorted(labs.glob("*/files/**/*")))


def read_text_or_empty(file: Path) -> str:
    """Return the text of a file; nothing where it holds none."""
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
