"""Reconstruct the lines that keystrokes produced: on a terminal that edits lines itself, and in bash."""

from __future__ import annotations

import re
from dataclasses import dataclass

# The control characters of a Linux terminal with default settings; see termios(3).
_INTERRUPT, _END_OF_INPUT, _QUIT, _SUSPEND = "\x03", "\x04", "\x1c", "\x1a"
_ERASE_CHAR, _ERASE_WORD, _ERASE_LINE, _LITERAL_NEXT = "\x7f", "\x17", "\x15", "\x16"
_WITHOUT_EFFECT = (_SUSPEND, "\x11", "\x12", "\x13", _LITERAL_NEXT)
# What becomes of the line when one of these ends it.
_ENDS = {"\r": "\n", "\n": "\n", _END_OF_INPUT: ""}
_TERMINAL_KEY = re.compile(r"\x16?.", re.DOTALL)
_LAST_WORD = re.compile(r"\S*\s*\Z")
# The keys of bash's default editing mode: a control character, an escape sequence, or a character to insert.
_KEY = re.compile(r"\x1b\[200~(?P<paste>.*?)\x1b\[201~|\x1b(?:\[[0-9;]*[~A-Za-z]|O[A-Za-z]|.)|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class TerminalInput:
    """What a program could read from a terminal.

    Attributes:
        texts: One text for each end of the input that was typed, and the complete lines after the last one.
        is_interrupted: Whether an interrupt was typed.

    """

    texts: tuple[str, ...]
    is_interrupted: bool


def edit_terminal_input(keystrokes: str) -> TerminalInput:
    """Return what the terminal gives to a program that reads lines.

    Args:
        keystrokes: What was typed, with control characters.

    """
    texts: list[str] = []
    text = line = ""
    is_interrupted = False
    for key in _TERMINAL_KEY.findall(keystrokes):
        if key == _END_OF_INPUT and not line:
            texts.append(text)
            text = ""
        elif key in _ENDS:
            text, line = f"{text}{line}{_ENDS[key]}", ""
        elif key in (_INTERRUPT, _QUIT):
            is_interrupted, line = True, ""
        else:
            line = _edit_terminal_line(line, key)
    # A program cannot read a line before it is complete.
    return TerminalInput((*texts, text) if text else tuple(texts), is_interrupted)


def _edit_terminal_line(line: str, key: str) -> str:
    if key == _ERASE_CHAR:
        return line[:-1]
    if key == _ERASE_WORD:
        return _LAST_WORD.sub("", line)
    if key == _ERASE_LINE:
        return ""
    return line if key in _WITHOUT_EFFECT else line + key.removeprefix(_LITERAL_NEXT)


def edit_shell_line(keystrokes: str) -> str | None:
    """Return the command line that bash read, with a newline after each line but the last.

    Args:
        keystrokes: What was typed at the prompt, with control characters and escape sequences.

    Returns:
        The line; None if it depends on more than the keystrokes: completion, or an earlier line from the history.

    """
    lines: list[str] = []
    line, cursor = "", 0
    for match in _KEY.finditer(keystrokes):
        key = match[0]
        inserted = match["paste"].replace("\r", "\n") if match["paste"] is not None else key
        if key in ("\r", "\n"):
            lines.append(line)
            line, cursor = "", 0
        elif key == _INTERRUPT:
            lines, line, cursor = [], "", 0
        elif match["paste"] is not None or key.isprintable():
            line, cursor = line[:cursor] + inserted + line[cursor:], cursor + len(inserted)
        else:
            edited = _press_editing_key(key, line, cursor)
            if edited is None:
                return None
            line, cursor = edited
    return "\n".join(lines).strip("\n")


def _press_editing_key(key: str, line: str, cursor: int) -> tuple[str, int] | None:
    """Return the line and the cursor after a key; None if its effect is not known."""
    before, after = line[:cursor], line[cursor:]
    kept = _LAST_WORD.sub("", before)
    effects = {
        ("\x7f", "\x08"): (before[:-1] + after, max(cursor - 1, 0)),
        ("\x04", "\x1b[3~"): (before + after[1:], cursor),
        ("\x17",): (kept + after, len(kept)),
        ("\x15",): (after, 0),
        ("\x0b",): (before, cursor),
        ("\x01", "\x1b[H", "\x1bOH", "\x1b[1~"): (line, 0),
        ("\x05", "\x1b[F", "\x1bOF", "\x1b[4~"): (line, len(line)),
        ("\x02", "\x1b[D", "\x1bOD"): (line, max(cursor - 1, 0)),
        ("\x06", "\x1b[C", "\x1bOC"): (line, min(cursor + 1, len(line))),
        ("\x0c",): (line, cursor),
    }
    return next((effect for keys, effect in effects.items() if key in keys), None)
