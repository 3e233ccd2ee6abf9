"""Tests of plain equivalents for characters that an encoding lacks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rich.cells import cell_len

from runner.cli import _output_encoding
from tests.support.helpers import CHECKOUT


@pytest.mark.parametrize(
    ("char", "equivalent"),
    [
        ("✓", "+"),
        ("✗", "x"),
        ("…", "."),
        ("→", ">"),
        ("━", "="),
        ("╭", "+"),
        ("▒", "#"),
        ("⠋", "*"),
        ("é", "e"),
        ("Å", "A"),
        ("ﬁ", "?"),
        ("ß", "?"),
        ("名", "??"),
        ("✅", "+ "),
        ("\N{COMBINING DIAERESIS}", ""),
        ("\N{VARIATION SELECTOR-16}", ""),
        ("\N{REPLACEMENT CHARACTER}", "?"),
    ],
)
def test_equivalent(char: str, equivalent: str) -> None:
    """A character is replaced by ASCII that resembles it, else by question marks, and keeps its number of columns."""
    assert equivalent == _output_encoding.replace_char(char)
    assert cell_len(char) == len(equivalent)


def test_symbols_of_the_interface() -> None:
    """Every symbol that commands print has an equivalent."""
    sources = [*Path(CHECKOUT, "runner", "cli").glob("*.py"), *Path(CHECKOUT, "runner", "watch").glob("*.py")]
    symbols = {char for file in sources for char in re.findall(r"[^\x00-\x7f]", file.read_text("utf-8"))}
    assert "✓" in symbols
    assert set() == {char for char in symbols if "?" in _output_encoding.replace_char(char)}
