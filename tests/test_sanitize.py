"""What nodes say, as it is shown."""

from __future__ import annotations

import pytest

from runner import sanitize


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Grüße ✓\n", "Grüße ✓\n"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("a\tb", "a       b"),
        ("gone\r\x1b]0;title\x07", "gone��]0;title�"),
        ("\x9b2J\u202eevil", "�2J�evil"),
    ],
)
def test_what_a_terminal_would_obey_is_not_shown(said: str, shown: str) -> None:
    """Letters, signs and line ends stay, colours go, and every other control character becomes a mark."""
    assert shown == sanitize.strip_control_chars(said)
