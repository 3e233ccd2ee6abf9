"""What a terminal sends for keys."""

from __future__ import annotations

import pytest

from runner.watch import key_input
from runner.watch.model import Key


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b"h", [Key.HINT]),
        (b"j\x1b[B\x1bOB", [Key.DOWN, Key.DOWN, Key.DOWN]),
        (b"k\x1b[A\x1bOA", [Key.UP, Key.UP, Key.UP]),
        (b"\x1b[5~\x1b[6~ ", [Key.PAGE_UP, Key.PAGE_DOWN, Key.PAGE_DOWN]),
        (b"\x1b", [Key.HERE]),
        (b"rsq", [Key.AGAIN, Key.SOLUTION, Key.QUIT]),
        (b"x\x1b[15~\xc3\xa4\x1b[1;5Ch", [Key.HINT]),
    ],
)
def test_understood(sent: bytes, expected: list[Key]) -> None:
    """Letters and arrows mean what the screen says, however terminals send them; all else means nothing."""
    assert expected == key_input.understood(sent)
