"""The whole terminal as a screen: taken over, drawn on, and given back as it was."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import termios
import tty
from collections.abc import Iterator, Sequence
from types import TracebackType

from rich.console import Console
from rich.control import Control
from rich.segment import ControlType
from rich.text import Text

from runner.watch import key_input
from runner.watch.model import KeyAction

_ERASE_LINE = Control((ControlType.ERASE_IN_LINE, 2))
_CHUNK = 1 << 10


class Screen:
    """A screen on standard input and output, which must be a terminal."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, markup=False, emoji=False)
        self._input, self._output = sys.stdin.fileno(), sys.stdout.fileno()
        self._before = termios.tcgetattr(self._input)
        self._shown: list[Text] = []
        self._size = (0, 0)
        self._writing = False
        self._wanted_away = False

    def __enter__(self) -> Screen:
        signal.signal(signal.SIGTSTP, self._away)
        with self._undisturbed():
            self._take()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # One who has pressed Ctrl-Z by now gets the terminal back all the same.
        signal.signal(signal.SIGTSTP, signal.SIG_IGN)
        self._give_back()
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)

    def fileno(self) -> int:
        """Return the descriptor that keys come from."""
        return self._input

    def read_keys(self) -> list[KeyAction]:
        """Return the keys that have been pressed; a terminal that has gone asks to quit."""
        sent = os.read(self._input, _CHUNK)
        return key_input.parse_keys(sent) if sent else [KeyAction.QUIT]

    @property
    def size(self) -> tuple[int, int]:
        """The columns and lines there are now."""
        columns, rows = os.get_terminal_size(self._output)
        return max(1, columns), max(1, rows)

    def draw(self, lines: Sequence[Text]) -> None:
        """Show these lines, writing only those that have changed, so that nothing flickers."""
        missing = True
        while missing:
            with self._undisturbed():
                self._write(lines)
            # If Ctrl-Z came meanwhile, the screen is a new one.
            missing = bool(lines) and not self._shown

    def _write(self, lines: Sequence[Text]) -> None:
        if self._size != self.size:
            self._size = self.size
            self._shown = []
        self._console.size = self._size
        # All of it is sent at once when the block ends.
        with self._console:
            if not self._shown:
                self._console.control(Control(ControlType.CLEAR))
            for row, line in enumerate(lines):
                if row >= len(self._shown) or line != self._shown[row]:
                    self._console.control(Control.move_to(0, row), _ERASE_LINE)
                    self._console.print(_harmless(line), end="", no_wrap=True, overflow="crop", soft_wrap=True)
        self._shown = list(lines)

    def _take(self) -> None:
        tty.setcbreak(self._input)
        self._console.set_alt_screen(True)
        self._console.show_cursor(False)
        self._shown = []

    def _give_back(self) -> None:
        # A terminal that has gone needs nothing back.
        with contextlib.suppress(OSError, termios.error):
            self._console.show_cursor(True)
            self._console.set_alt_screen(False)
            termios.tcsetattr(self._input, termios.TCSADRAIN, self._before)

    def _away(self, *_: object) -> None:
        """Ctrl-Z: at once, unless it comes in the middle of writing, where nothing else can be written."""
        self._wanted_away = True
        if not self._writing:
            self._suspend()

    @contextlib.contextmanager
    def _undisturbed(self) -> Iterator[None]:
        """Let Ctrl-Z wait until the block is done."""
        self._writing = True
        try:
            yield
        finally:
            self._writing = False
        if self._wanted_away:
            self._suspend()

    def _suspend(self) -> None:
        """Give the shell its terminal, until `fg` brings the screen back."""
        self._writing = True
        self._give_back()
        os.kill(os.getpid(), signal.SIGSTOP)
        self._take()
        self._writing = self._wanted_away = False


def _harmless(line: Text) -> Text:
    """Return a line without what a terminal would obey, each such character replaced so that all keep their places."""
    shown = line.copy()
    shown.plain = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in line.plain)
    return shown
