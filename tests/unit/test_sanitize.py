"""Text from nodes, as it is shown on a terminal."""

from __future__ import annotations

import pytest

from runner import sanitize


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Grüße ✓\n", "Grüße ✓\n"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("a\tb", "a       b"),
        ("gone\r\x1b]0;title\x07", "gone��]0;title�"),
        ("caf\udcc3\udca9\udc9b", "café\N{REPLACEMENT CHARACTER}"),
        ("\ud800", "\N{REPLACEMENT CHARACTER}"),
        ("\x9b2J\u202eevil", "�2J�evil"),
    ],
)
def test_strip_control_chars(text: str, shown: str) -> None:
    """Printable characters and newlines stay, colours are removed, and other control characters are replaced."""
    assert shown == sanitize.strip_control_chars(text)
