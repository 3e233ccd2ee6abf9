"""What a user wrote with the keys typed into a program that edits its lines itself, such as a shell in a container."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_ESCAPE_SEQUENCE = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|O.|.|$)", re.DOTALL)
# Both notations of the cursor keys, and the letters with Ctrl that do the same.
_KEY_NAMES = {
    "\x1b[A": "up",
    "\x1bOA": "up",
    "\x10": "up",
    "\x1b[B": "down",
    "\x1bOB": "down",
    "\x0e": "down",
    "\x1b[C": "right",
    "\x1bOC": "right",
    "\x06": "right",
    "\x1b[D": "left",
    "\x1bOD": "left",
    "\x02": "left",
    "\x1b[H": "home",
    "\x1bOH": "home",
    "\x1b[1~": "home",
    "\x01": "home",
    "\x1b[F": "end",
    "\x1bOF": "end",
    "\x1b[4~": "end",
    "\x05": "end",
    "\x1b[3~": "delete",
    "\x7f": "backspace",
    "\b": "backspace",
    "\x15": "erase line",
    "\x17": "erase word",
    "\x0b": "erase rest",
    "\x0c": "redraw",
    "\x1b[200~": "redraw",
    "\x1b[201~": "redraw",
    "\r": "enter",
    "\n": "enter",
    "\x03": "interrupt",
    "\x04": "end of input",
}
# Ctrl-P Ctrl-Q leaves a container without ending it. Terminals answer questions of programs with the other sequences.
_DETACH_KEYS = "\x10\x11"
_TERMINAL_ANSWER = re.compile(r"\x1b\[\d+;\d+R|\x1b\[[?>][\d;]*c|\x1b\][^\x07]*\x07")


@dataclass(frozen=True, slots=True)
class TypedText:
    """What was written with keys.

    Attributes:
        lines: The lines, each as it was when Enter was typed.
        rest: The line that was not finished.
        interrupted: The indexes of the lines that were followed by Ctrl-C.
        input_ends: For each end of input that was typed, the number of lines before it.
        is_certain: Whether no key was typed whose effect depends on the program, such as the completion with Tab.
        is_detached: Whether the user left the program without ending it.

    """

    lines: tuple[str, ...] = ()
    rest: str = ""
    interrupted: frozenset[int] = frozenset()
    input_ends: tuple[int, ...] = ()
    is_certain: bool = True
    is_detached: bool = False

    @property
    def is_interrupted(self) -> bool:
        """Whether Ctrl-C was typed and nothing else."""
        return bool(self.interrupted) and not "".join(self.lines).strip()


@dataclass(slots=True)
class _LineEditor:
    lines: list[str] = field(default_factory=list)
    buffer: str = ""
    cursor: int = 0
    recalled: int = 0
    interrupted: set[int] = field(default_factory=set)
    input_ends: list[int] = field(default_factory=list)
    is_certain: bool = True

    def press_key(self, key: str) -> None:
        name = _KEY_NAMES.get(key)
        if name:
            self._run_action(name)
        elif len(key) == 1 and key.isprintable():
            self._set_buffer(self.buffer[: self.cursor] + key + self.buffer[self.cursor :], self.cursor + 1)
        else:
            self.is_certain = False

    def _run_action(self, name: str) -> None:
        if name in ("up", "down"):
            self._recall_line(-1 if name == "up" else 1)
        elif name == "enter":
            self._submit_line()
        elif name == "interrupt":
            self._interrupt()
        elif name == "end of input":
            self._end_input()
        elif name in ("left", "right", "home", "end"):
            targets = {"left": self.cursor - 1, "right": self.cursor + 1, "home": 0, "end": len(self.buffer)}
            self.cursor = min(max(targets[name], 0), len(self.buffer))
        else:
            self._erase(name)

    def _erase(self, name: str) -> None:
        before, after = self.buffer[: self.cursor], self.buffer[self.cursor :]
        if name == "backspace":
            before = before[:-1]
        elif name == "delete":
            after = after[1:]
        elif name == "erase rest":
            after = ""
        elif name == "erase word":
            before = re.sub(r"\S*\s*$", "", before)
        elif name == "erase line":
            before = ""
        self._set_buffer(before + after, len(before))

    def _recall_line(self, direction: int) -> None:
        history = [line for line in self.lines if line.strip()]
        index = min(max(len(history) + self.recalled + direction, -1), len(history))
        if index < 0:
            # A line from an earlier session, which is not known.
            self.is_certain = False
            return
        self.recalled = index - len(history)
        text = history[index] if index < len(history) else ""
        self._set_buffer(text, len(text))

    def _submit_line(self) -> None:
        self.lines.append(self.buffer)
        self._set_buffer("", 0)
        self.recalled = 0

    def _interrupt(self) -> None:
        # On an empty line, it ends the program that the line before started.
        if not self.buffer.strip():
            self.interrupted.add(len(self.lines) - 1)
        self._set_buffer("", 0)

    def _end_input(self) -> None:
        if self.buffer:
            self._erase("delete")
        else:
            self.input_ends.append(len(self.lines))

    def _set_buffer(self, text: str, cursor: int) -> None:
        self.buffer, self.cursor = text, cursor


def interpret_keys(keys: str) -> TypedText:
    """Return the lines that keys wrote, with the usual keys for editing a line."""
    keys = _TERMINAL_ANSWER.sub("", keys)
    is_detached = keys.endswith(_DETACH_KEYS)
    editor = _LineEditor()
    position = 0
    keys = keys.removesuffix(_DETACH_KEYS).replace("\r\n", "\r")
    while position < len(keys):
        match = _ESCAPE_SEQUENCE.match(keys, position)
        key = match[0] if match else keys[position]
        editor.press_key(key)
        position += len(key)
    return TypedText(
        tuple(editor.lines),
        editor.buffer,
        frozenset(editor.interrupted),
        tuple(editor.input_ends),
        editor.is_certain,
        is_detached,
    )
