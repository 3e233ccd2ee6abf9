"""Makes harmless what others have said before it is shown."""

from __future__ import annotations

import click


def strip_control_chars(text: str) -> str:
    """Return text of a node's or a program's without what a terminal would obey; colours go with it."""
    shown = click.unstyle(text).expandtabs()
    return "".join(one if one.isprintable() or one == "\n" else "\N{REPLACEMENT CHARACTER}" for one in shown)
