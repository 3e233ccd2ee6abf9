"""Parse the bytes that a terminal sends for key presses."""

from __future__ import annotations

import re

from runner.watch.model import KeyAction

# A CSI or SS3 escape sequence, or a single byte.
_KEY = re.compile(rb"\x1b\[[0-9;]*[A-Za-z~]|\x1bO[A-Z]|.", re.DOTALL)
_ACTIONS = {
    b"h": KeyAction.SHOW_HINT,
    b"s": KeyAction.SHOW_SOLUTION,
    b"r": KeyAction.RECHECK,
    b"q": KeyAction.QUIT,
    # Arrow keys, as terminals send them in normal and in application mode, and their equivalents in vi.
    b"k": KeyAction.PREVIOUS_STEP,
    b"\x1b[A": KeyAction.PREVIOUS_STEP,
    b"\x1bOA": KeyAction.PREVIOUS_STEP,
    b"j": KeyAction.NEXT_STEP,
    b"\x1b[B": KeyAction.NEXT_STEP,
    b"\x1bOB": KeyAction.NEXT_STEP,
    # Page Up and Page Down.
    b"\x1b[5~": KeyAction.SCROLL_UP,
    b"\x1b[6~": KeyAction.SCROLL_DOWN,
    b" ": KeyAction.SCROLL_DOWN,
    # Escape.
    b"\x1b": KeyAction.CURRENT_STEP,
    b"g": KeyAction.CURRENT_STEP,
}


def parse_key_actions(data: bytes) -> list[KeyAction]:
    """Return the actions of the pressed keys, in order; keys without an action are ignored."""
    return [_ACTIONS[key] for key in _KEY.findall(data) if key in _ACTIONS]
