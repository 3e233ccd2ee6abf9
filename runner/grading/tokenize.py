"""Split commands and files into words for the comparison of submissions, and list the lines that lessons contain."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from runner import paths
from runner.lessons.model import PLACEHOLDER

Words = tuple[str, ...]

_WORD = re.compile(r"\d[\w.-]*|-{0,2}[^\W\d][\w-]*|[^\w\s]")
_NUMBER = re.compile(r"\d[\d.-]*")
# Options and punctuation, as opposed to names.
_MARK = re.compile(r"-|\W")
# The end of a command, also of several on one line; and a command that continues on the next line.
_END, _CONTINUED = re.compile(r"\n|&&|;"), re.compile(r"\\\r?\n")
_COMMENT = ("#", "//")
_FENCED = re.compile(r"^ *(`{3,}|~{3,})[^\n]*\n(.*?)^ *\1", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


@dataclass(frozen=True, slots=True)
class CodeLine:
    """One command, or one line of a file.

    Attributes:
        text: The line as it was written.
        words: Its words without the white space between them; every number and address is replaced by 0.
        shape: Its first word, options and punctuation; equal for lines that differ only in names and numbers.

    """

    text: str
    words: Words
    shape: Words


def tokenize_lines(text: str) -> Iterator[CodeLine]:
    """Yield the lines of a text that contain a letter; comments are omitted."""
    for part in _END.split(_CONTINUED.sub(" ", text)):
        line = part.strip()
        if not line.startswith(_COMMENT) and any(map(str.isalpha, line)):
            words = tuple("0" if _NUMBER.fullmatch(word) else word for word in _WORD.findall(line))
            yield CodeLine(line, words, (words[0], *(word if _MARK.match(word) else "" for word in words[1:])))


def anonymize_names(words: Sequence[str]) -> str:
    """Return words with each name replaced by the number of its first appearance: copies often rename things."""
    numbers: dict[str, str] = {"0": "0"}
    return " ".join(word if _MARK.match(word) else numbers.setdefault(word, str(len(numbers))) for word in words)


def load_lesson_line_shapes() -> frozenset[Words]:
    """Return the shapes of all lines in the lessons' blocks, hints, solutions and files: using them is not copying."""
    return frozenset(
        line.shape for text in _load_lesson_texts() for line in tokenize_lines(PLACEHOLDER.sub("NAME", text))
    )


def _load_lesson_texts() -> Iterator[str]:
    labs = paths.labs_folder()
    for page in sorted([*labs.glob("*/lesson*.md"), *labs.glob("*/solution/*.md")]):
        text = decode_utf8_or_empty(page.read_bytes())
        yield from (match[2] for match in _FENCED.finditer(text))
        yield from (match[1] for match in _INLINE.finditer(_FENCED.sub("", text)))
    yield from (decode_utf8_or_empty(file.read_bytes()) for file in sorted(labs.glob("*/files/**/*")) if file.is_file())


def decode_utf8_or_empty(content: bytes) -> str:
    """Return a file's content as text; empty if it is not text in UTF-8."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return ""
