"""Removes control characters from output of nodes and other programs, so that it is safe to show on a terminal."""

from __future__ import annotations

import click


def strip_control_chars(text: str) -> str:
    """Return text without terminal escape sequences, colours included; other control characters become U+FFFD."""
    without_escapes = click.unstyle(decode_surrogates(text)).expandtabs()
    return "".join(
        char if char.isprintable() or char == "\n" else "\N{REPLACEMENT CHARACTER}" for char in without_escapes
    )


def decode_surrogates(text: str) -> str:
    """Return text with the characters that surrogates stand for.

    Python reads bytes of a file name or of an argument as surrogates if the encoding of the locale, for example ASCII,
    lacks them. Most of these bytes are UTF-8; the others become U+FFFD.
    """
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    except UnicodeEncodeError:
        # It has other surrogates, which stand for no bytes.
        return text
