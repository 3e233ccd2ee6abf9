"""Walk through the text in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markdown_it.token import Token


def list_inline_tokens(tokens: Sequence[Token]) -> Iterator[tuple[int, Token, Token]]:
    """Yield the line of each token within a block of text, counted from 1, then that block and the token."""
    for block in tokens:
        line = block.map[0] + 1 if block.map else 1
        for token in block.children or ():
            yield line, block, token
            line += token.type in ("softbreak", "hardbreak") or token.content.count("\n")
