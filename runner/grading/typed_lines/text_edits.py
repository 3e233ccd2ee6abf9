"""Changes to the text of a line, some of which add a here-document."""

from __future__ import annotations

import base64
import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass

_DELIMITERS = ("END", "EOF", "END_OF_TEXT")


@dataclass(frozen=True, slots=True)
class TextEdit:
    """One change.

    Attributes:
        start: Where the text to replace starts.
        end: Where it ends; the same for an insertion.
        text: What replaces it.
        body: The lines of a here-document that `text` starts, with its delimiter; empty if it starts none.

    """

    start: int
    end: int
    text: str
    body: str = ""


def apply_edits(line: str, edits: Iterable[TextEdit]) -> str:
    """Return a line with changes that do not overlap; the body of a here-document follows the line that starts it."""
    # From the end to the start, so that the positions stay right; of two at one place, the first comes first.
    ordered = sorted(edits, key=lambda edit: (edit.start, edit.end))
    for edit in reversed(ordered):
        tail = line[edit.end :]
        if edit.body:
            rest, newline, following = tail.partition("\n")
            tail = f"{rest}\n{edit.body}{newline}{following}"
        line = line[: edit.start] + edit.text + tail
    return line


def choose_delimiter(text: str) -> str:
    """Return the delimiter for a here-document: a word that is not a line of the text."""
    lines = set(text.split("\n"))
    candidates = (*_DELIMITERS, *(f"END_{number}" for number in range(2, len(lines) + 3)))
    return next(candidate for candidate in candidates if candidate not in lines)


def create_file_edit(start: int, end: int, path: str, content: bytes) -> TextEdit:
    """Return the edit that replaces a part of a line by a command that writes a file."""
    target = shlex.quote(path)
    text = _decode_text(content)
    if text is None:
        encoded = base64.encodebytes(content).decode()
        return _create_document(start, end, f"base64 --decode > {target}", encoded)
    if not text:
        return TextEdit(start, end, f": > {target}")
    if text.endswith("\n"):
        return _create_document(start, end, f"cat > {target}", text)
    # A here-document always ends with a line feed.
    return _create_document(start, end, f"head --bytes=-1 > {target}", f"{text}\n")


def create_input_edit(position: int, text: str) -> TextEdit:
    """Return the edit that gives a command its standard input.

    Args:
        position: The end of the command.
        text: Its standard input.

    """
    if not text:
        return TextEdit(position, position, " < /dev/null")
    if not text.endswith("\n"):
        return TextEdit(position, position, f" < <(printf %s {shlex.quote(text)})")
    return _create_document(position, position, "", text)


def _create_document(start: int, end: int, command: str, text: str) -> TextEdit:
    delimiter = choose_delimiter(text)
    return TextEdit(start, end, f"{command} <<'{delimiter}'", f"{text}{delimiter}")


def _decode_text(content: bytes) -> str | None:
    """Return content as text that Markdown keeps unchanged; None if there is no such text."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if re.search(r"[\x00\r\ufeff\ufffd]", text) else text
