"""Output in the encoding of the user's terminal or file, whatever that is.

A character that the encoding lacks is replaced by plain ones that take as many columns, so that tables keep their form.
Without this, a check mark in the locale C or in Latin-1 would end a command with a traceback.
"""

from __future__ import annotations

import codecs
import io
import sys
import unicodedata

from runner import sanitize

_ERRORS = "labs-plain"
_ASCII = "labs-ascii"
_UNKNOWN = "?"
# By what they are replaced with, which takes as many columns.
_REPLACED = {
    "+": "✓",
    "+ ": "✅",
    "x": "✗\N{MULTIPLICATION SIGN}",
    "x ": "❌",
    "!": "⚠",
    "~": "⏭",
    ".": "…·",
    ":": "⋮",
    "*": "•●",
    "o": "◐○",
    ">": "→➜▸▶»\N{HEAVY RIGHT-POINTING ANGLE QUOTATION MARK ORNAMENT}",
    "<": "←«",
    "^": "↑",
    "v": "↓",
    "-": "─—\N{HYPHEN}\N{NON-BREAKING HYPHEN}\N{EN DASH}\N{MINUS SIGN}",
    "=": "━═",
    "|": "│┃║",
    "'": "\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}",
    '"': "“”",
}
_EQUIVALENTS = {char: equivalent for equivalent, chars in _REPLACED.items() for char in chars}
_BOX_DRAWING = range(0x2500, 0x2580)
_BLOCKS = range(0x2580, 0x25A0)
_SPINNERS = range(0x2800, 0x2900)


def prepare_standard_streams() -> None:
    """Make the standard streams replace what they cannot encode or decode."""
    codecs.register_error(_ERRORS, _replace_unencodable)
    codecs.register(_find_ascii_codec)
    for stream in (sys.stdout, sys.stderr):
        # A stream that was closed before the start is None.
        if isinstance(stream, io.TextIOWrapper):
            is_ascii = codecs.lookup(stream.encoding).name == "ascii"
            stream.reconfigure(encoding=_ASCII if is_ascii else stream.encoding, errors=_ERRORS)
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")


def replace_unencodable_chars(text: str) -> str:
    """Return text with only those characters that standard output can encode, for a program that writes it there."""
    encoding = sys.stdout.encoding
    return text.encode(encoding, _ERRORS).decode(encoding, "replace")


def _find_ascii_codec(name: str) -> codecs.CodecInfo | None:
    """Return ASCII under another name: where click recognizes ASCII, it ignores the stream and writes UTF-8 instead."""
    if name.replace("_", "-") != _ASCII:
        return None
    ascii_codec = codecs.lookup("ascii")
    return codecs.CodecInfo(
        name=_ASCII,
        encode=ascii_codec.encode,
        decode=ascii_codec.decode,
        incrementalencoder=ascii_codec.incrementalencoder,
        incrementaldecoder=ascii_codec.incrementaldecoder,
        streamreader=ascii_codec.streamreader,
        streamwriter=ascii_codec.streamwriter,
    )


def _replace_unencodable(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = sanitize.decode_surrogates(error.object[error.start : error.end])
    return "".join(map(replace_char, text)), error.end


def replace_char(char: str) -> str:
    """Return ASCII characters that resemble a character and take as many columns."""
    from rich.cells import cell_len

    if char in _EQUIVALENTS:
        return _EQUIVALENTS[char]
    for chars, equivalent in ((_BOX_DRAWING, "+"), (_BLOCKS, "#"), (_SPINNERS, "*")):
        if ord(char) in chars:
            return equivalent
    columns = cell_len(char)
    # For example 'u' and a combining diaeresis.
    letters = "".join(part for part in unicodedata.normalize("NFKD", char) if not unicodedata.combining(part))
    return letters if letters.isascii() and len(letters) == columns else _UNKNOWN * columns
