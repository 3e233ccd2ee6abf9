"""Removes control characters from output of nodes and other programs, so that it is safe to show on a terminal."""

from __future__ import annotations

import click


def strip_control_chars(text: str) -> str:
    """Return text without terminal escape sequences, colours included; other control characters become U+FFFD."""
    without_escapes = click.unstyle(text).expandtabs()
    return "".join(
        char if char.isprintable() or char == "\n" else "\N{REPLACEMENT CHARACTER}" for char in without_escapes
    )
