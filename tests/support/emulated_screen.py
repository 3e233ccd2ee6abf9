"""A pseudo-terminal with an emulated screen, for tests of full-screen programs."""

from __future__ import annotations

import contextlib
import os
import select
import termios
import time
from collections.abc import Callable
from typing import Any

import pyte

from tests.support.pseudo_terminal import PseudoTerminal

# The goal for `labs watch`: a check turns green this soon after the state has changed.
_REACTION_SECONDS = 2.0


def reaction_limit() -> float:
    """Return the number of seconds within which a change must be shown; it is higher on a busy computer."""
    return _REACTION_SECONDS * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


class ScreenTerminal(PseudoTerminal):
    """A process on a pseudo-terminal, and the screen that it draws.

    Args:
        argv: The command.
        environment: Its environment.
        columns: The terminal's width.
        rows: The terminal's height.

    """

    def __init__(self, argv: list[str], environment: dict[str, str], columns: int = 80, rows: int = 24) -> None:
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self.received = b""
        # Full-screen programs ask the terminal for its size unless the environment sets it.
        terminal_environment = {name: value for name, value in environment.items() if name not in ("COLUMNS", "LINES")}
        super().__init__(argv, terminal_environment, columns, rows)

    def resize(self, rows: int, columns: int) -> None:
        """Resize the terminal, as if its window was resized."""
        self._screen.resize(rows, columns)
        super().resize(rows, columns)

    def clear_screen(self) -> None:
        """Clear the emulated screen."""
        self._screen.reset()

    @property
    def screen_lines(self) -> list[str]:
        """The screen's lines without trailing spaces."""
        return [line.rstrip() for line in self._screen.display]

    @property
    def screen_text(self) -> str:
        """The complete screen."""
        return "\n".join(self.screen_lines)

    @property
    def terminal_modes(self) -> list[Any]:
        """The terminal's modes (termios)."""
        return termios.tcgetattr(self._fd)

    def read_output(self, seconds: float) -> None:
        """Draw the next output on the screen; wait for it at most this long."""
        if select.select([self._fd], [], [], seconds)[0]:
            # Reading fails once the process has closed its side.
            with contextlib.suppress(OSError):
                data = os.read(self._fd, 1 << 16)
                self.received += data
                self._stream.feed(data)

    def wait_for(self, expected: str | Callable[[str], bool], seconds: float = 20) -> float:
        """Wait until the screen contains a text or meets a condition, and return after how many seconds it did."""
        is_met = expected if callable(expected) else lambda text: expected in text
        started = time.monotonic()
        while not is_met(self.screen_text):
            remaining = started + seconds - time.monotonic()
            assert remaining > 0, self.screen_text
            self.read_output(min(remaining, 0.1))
        return time.monotonic() - started

    def wait_seconds(self, seconds: float) -> None:
        """Wait, and draw all output meanwhile."""
        deadline = time.monotonic() + seconds
        while (remaining := deadline - time.monotonic()) > 0:
            self.read_output(remaining)

    def wait_for_exit(self, seconds: float = 10) -> int:
        """Wait until the process ends, and return its exit status."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < deadline:
            self.read_output(0.05)
        self.read_output(0.05)
        return self.process.wait(1)
