"""Parsing the bytes that terminals send for keys."""

from __future__ import annotations

import pytest

from runner.watch import key_input
from runner.watch.model import KeyAction


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"h", [KeyAction.SHOW_HINT]),
        (b"j\x1b[B\x1bOB", [KeyAction.NEXT_STEP, KeyAction.NEXT_STEP, KeyAction.NEXT_STEP]),
        (b"k\x1b[A\x1bOA", [KeyAction.PREVIOUS_STEP, KeyAction.PREVIOUS_STEP, KeyAction.PREVIOUS_STEP]),
        (b"\x1b[5~\x1b[6~ ", [KeyAction.SCROLL_UP, KeyAction.SCROLL_DOWN, KeyAction.SCROLL_DOWN]),
        (b"\x1b", [KeyAction.CURRENT_STEP]),
        (b"rsq", [KeyAction.RECHECK, KeyAction.SHOW_SOLUTION, KeyAction.QUIT]),
        (b"x\x1b[15~\xc3\xa4\x1b[1;5Ch", [KeyAction.SHOW_HINT]),
    ],
)
def test_parse_keys(data: bytes, expected: list[KeyAction]) -> None:
    """Keys have the actions that the screen lists, in every encoding terminals use; other keys are ignored."""
    assert expected == key_input.parse_key_actions(data)
