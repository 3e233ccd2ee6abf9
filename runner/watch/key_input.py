"""Understands what a terminal sends for keys."""

from __future__ import annotations

import re

from runner.watch.model import Key

_PIECE = re.compile(rb"\x1b\[[0-9;]*[A-Za-z~]|\x1bO[A-Z]|.", re.DOTALL)
_MEANING = {
    b"h": Key.HINT,
    b"s": Key.SOLUTION,
    b"r": Key.AGAIN,
    b"q": Key.QUIT,
    b"k": Key.UP,
    b"\x1b[A": Key.UP,
    b"\x1bOA": Key.UP,
    b"j": Key.DOWN,
    b"\x1b[B": Key.DOWN,
    b"\x1bOB": Key.DOWN,
    b"\x1b[5~": Key.PAGE_UP,
    b"\x1b[6~": Key.PAGE_DOWN,
    b" ": Key.PAGE_DOWN,
    b"\x1b": Key.HERE,
    b"g": Key.HERE,
}


def understood(sent: bytes) -> list[Key]:
    """Return the keys that mean something here, in the order they were pressed."""
    return [_MEANING[piece] for piece in _PIECE.findall(sent) if piece in _MEANING]
