"""A full-screen terminal: take it over, draw lines, and restore it as it was."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import termios
import tty
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.control import Control
from rich.segment import ControlType
from rich.text import Text

from runner.watch import key_input
from runner.watch.model import KeyAction

_ERASE_LINE = Control((ControlType.ERASE_IN_LINE, 2))
_READ_SIZE = 1 << 10


class FullScreen:
    """A screen on standard input and output, which must be a terminal."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, markup=False, emoji=False)
        self._input, self._output = sys.stdin.fileno(), sys.stdout.fileno()
        self._original_modes = termios.tcgetattr(self._input)
        self._drawn_lines: list[Text] = []
        self._size = (0, 0)
        self._is_writing = False
        self._suspend_requested = False

    def __enter__(self) -> FullScreen:
        signal.signal(signal.SIGTSTP, self._handle_suspend)
        with self._suspend_deferred():
            self._enter_alt_screen()
        return self

    def __exit__(self, *_error: object) -> None:
        # Ctrl-Z is ignored from here on: it must not keep the terminal from being restored.
        signal.signal(signal.SIGTSTP, signal.SIG_IGN)
        self._restore_terminal()
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)

    def fileno(self) -> int:
        """Return the descriptor that keys are read from."""
        return self._input

    def read_key_actions(self) -> list[KeyAction]:
        """Return the keys that were pressed; a terminal that was closed counts as a request to quit."""
        data = os.read(self._input, _READ_SIZE)
        return key_input.parse_key_actions(data) if data else [KeyAction.QUIT]

    @property
    def size(self) -> tuple[int, int]:
        """The current number of columns and rows."""
        columns, rows = os.get_terminal_size(self._output)
        return max(1, columns), max(1, rows)

    def draw_lines(self, lines: Sequence[Text]) -> None:
        """Show these lines; only lines that changed are written, so that nothing flickers."""
        is_blank = True
        while is_blank:
            with self._suspend_deferred():
                self._write_lines(lines)
            # If Ctrl-Z was pressed while drawing, the screen is blank after resuming.
            is_blank = bool(lines) and not self._drawn_lines

    def _write_lines(self, lines: Sequence[Text]) -> None:
        if self._size != self.size:
            self._size = self.size
            self._drawn_lines = []
        self._console.size = self._size
        # The console sends everything at once when the block ends.
        with self._console:
            if not self._drawn_lines:
                self._console.control(Control(ControlType.CLEAR))
            for row, line in enumerate(lines):
                if row >= len(self._drawn_lines) or line != self._drawn_lines[row]:
                    self._console.control(Control.move_to(0, row), _ERASE_LINE)
                    text = _replace_control_chars(line)
                    self._console.print(text, end="", no_wrap=True, overflow="crop", soft_wrap=True)
        self._drawn_lines = list(lines)

    def _enter_alt_screen(self) -> None:
        tty.setcbreak(self._input)
        self._console.set_alt_screen(True)
        self._console.show_cursor(False)
        self._drawn_lines = []

    def _restore_terminal(self) -> None:
        # A terminal that was closed cannot be restored.
        with contextlib.suppress(OSError, termios.error):
            self._console.show_cursor(True)
            self._console.set_alt_screen(False)
            termios.tcsetattr(self._input, termios.TCSADRAIN, self._original_modes)

    def _handle_suspend(self, *_: object) -> None:
        """Handle Ctrl-Z: suspend at once, or after the current write, since nothing can be written in between."""
        self._suspend_requested = True
        if not self._is_writing:
            self._suspend()

    @contextlib.contextmanager
    def _suspend_deferred(self) -> Iterator[None]:
        """Defer Ctrl-Z until the block ends."""
        self._is_writing = True
        try:
            yield
        finally:
            self._is_writing = False
        if self._suspend_requested:
            self._suspend()

    def _suspend(self) -> None:
        """Return the terminal to the shell, until `fg` resumes this process."""
        self._is_writing = True
        self._restore_terminal()
        os.kill(os.getpid(), signal.SIGSTOP)
        self._enter_alt_screen()
        self._is_writing = self._suspend_requested = False


def _replace_control_chars(line: Text) -> Text:
    """Return a line whose control characters are replaced one by one, so that all others keep their columns."""
    replaced = line.copy()
    replaced.plain = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in line.plain)
    return replaced
