"""How lines of the screen are put together."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from rich.text import Text

Span = tuple[str, str]


def line(*spans: str | Span) -> Text:
    """Return a line of pieces, each by itself or with its style."""
    return Text.assemble(*spans, no_wrap=True, end="")


def fitted(text: Text, width: int) -> Text:
    """Return a line cut to a width, with an ellipsis where something is missing."""
    shown = text.copy()
    shown.truncate(max(0, width), overflow="ellipsis")
    return shown


def ends(left: Text, right: Text, width: int) -> Text:
    """Return a line with something at each end; the left one gives way."""
    room = width - right.cell_len - 1
    if room < 1:
        return fitted(left, width)
    shown = fitted(left, room)
    gap = " " * (width - shown.cell_len - right.cell_len)
    return Text.assemble(shown, gap, right, no_wrap=True, end="")


def wrapped(lead: Text, text: str, width: int, style: str = "") -> list[Text]:
    """Return a text after a lead, broken into lines that begin below its own beginning."""
    room = max(10, width - lead.cell_len)
    pieces = textwrap.wrap(text, room, break_on_hyphens=False) or [""]
    indent = " " * lead.cell_len
    found = []
    for number, piece in enumerate(pieces):
        found.append(Text.assemble(indent if number else lead, (piece, style), no_wrap=True, end=""))
    return found


def joined(pieces: Iterable[Text], gap: str, width: int) -> Text:
    """Return as many pieces as fit side by side, and how many are missing."""
    found = list(pieces)
    for shown in range(len(found), -1, -1):
        more = [line((f"+{len(found) - shown}", "dim"))] if shown < len(found) else []
        whole = Text(gap, no_wrap=True, end="").join([*found[:shown], *more])
        if whole.cell_len <= width:
            return whole
    return Text("", no_wrap=True, end="")
