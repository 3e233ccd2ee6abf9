"""Build styled lines of text that fit a given width."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from rich.text import Text

# A text and its style.
StyledSpan = tuple[str, str]


def join_styled_spans(*spans: str | StyledSpan) -> Text:
    """Return a line of text made from spans, each with or without a style."""
    return Text.assemble(*spans, no_wrap=True, end="")


def truncate_line(line: Text, width: int) -> Text:
    """Return a line cut to a width, with an ellipsis if it was longer."""
    truncated = line.copy()
    truncated.truncate(max(0, width), overflow="ellipsis")
    return truncated


def align_both_ends(left: Text, right: Text, width: int) -> Text:
    """Return a line with one text at each end; the left text is truncated if necessary."""
    left_width = width - right.cell_len - 1
    if left_width < 1:
        return truncate_line(left, width)
    left = truncate_line(left, left_width)
    gap = " " * (width - left.cell_len - right.cell_len)
    return Text.assemble(left, gap, right, no_wrap=True, end="")


def wrap_with_prefix(prefix: Text, text: str, width: int, style: str = "") -> list[Text]:
    """Return a text wrapped to a width, with a prefix before the first line and equal indentation before the others."""
    text_width = max(10, width - prefix.cell_len)
    indent = Text(" " * prefix.cell_len)
    lines = textwrap.wrap(text, text_width, break_on_hyphens=False) or [""]
    return [
        Text.assemble(indent if number else prefix, (line, style), no_wrap=True, end="")
        for number, line in enumerate(lines)
    ]


def join_until_full(items: Iterable[Text], gap: str, width: int) -> Text:
    """Return a line of as many items as fit into a width, followed by the number of omitted items, such as `+3`."""
    all_items = list(items)
    for count in range(len(all_items), -1, -1):
        omitted = [join_styled_spans((f"+{len(all_items) - count}", "dim"))] if count < len(all_items) else []
        line = Text(gap, no_wrap=True, end="").join([*all_items[:count], *omitted])
        if line.cell_len <= width:
            return line
    return Text("", no_wrap=True, end="")
