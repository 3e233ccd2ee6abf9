"""Keystrokes, and the lines that they produce."""

from __future__ import annotations

import pytest

from runner.progress.line_editing import TerminalInput, edit_shell_line, edit_terminal_input


@pytest.mark.parametrize(
    ("keystrokes", "texts"),
    [
        ("one\rtwo\r\x04", ("one\ntwo\n",)),
        ("onx\x7fe two\x17three\r\x04", ("one three\n",)),
        ("wrong\x15right\r\x04", ("right\n",)),
        ("größe\x7f\x7f\x7fün\r", ("grün\n",)),
        ("no newline\x04\x04", ("no newline",)),
        ("first\r\x04second\r\x04", ("first\n", "second\n")),
        ("y\r", ("y\n",)),
        ("\x16\x03literal\r\x04", ("\x03literal\n",)),
        ("a\x13\x11b\r\x04", ("ab\n",)),
        ("incomplete", ()),
        ("\x04", ("",)),
        ("", ()),
    ],
)
def test_terminal_input(keystrokes: str, texts: tuple[str, ...]) -> None:
    """A program reads the lines after they were edited, and an incomplete line only if Ctrl-D follows."""
    assert TerminalInput(texts, is_interrupted=False) == edit_terminal_input(keystrokes)


@pytest.mark.parametrize("key", ["\x03", "\x1c"])
def test_interrupt(key: str) -> None:
    r"""Ctrl-C and Ctrl-\ discard the line that is typed, and are known as an interrupt."""
    assert TerminalInput(("kept\n",), is_interrupted=True) == edit_terminal_input(f"kept\rlost{key}")


@pytest.mark.parametrize(
    ("keystrokes", "line"),
    [
        ("docker ps\r", "docker ps"),
        ("dcker ps\x01\x1b[Co\r", "docker ps"),
        ("docker psx\x1b[D\x1b[3~\r", "docker ps"),
        ("rubbish\x15docker ps\r", "docker ps"),
        ("docker run ps\x17\x7f\x7f\x7f\x7fps\r", "docker ps"),
        ("given up\x03docker ps\r", "docker ps"),
        ("\x1b[200~one\ntwo\x1b[201~\r", "one\ntwo"),
        ("for i in 1 2\rdo echo $i\rdone\r", "for i in 1 2\ndo echo $i\ndone"),
        ("docker swa\t init\r", None),
        ("\x1b[A\r", None),
        ("\x12ps\r", None),
    ],
)
def test_shell_line(keystrokes: str, line: str | None) -> None:
    """A command line follows from its keystrokes, unless completion or an earlier line is part of it."""
    assert line == edit_shell_line(keystrokes)
