"""A terminal whose screen the tests can look at."""

from __future__ import annotations

import contextlib
import os
import select
import termios
import time
from collections.abc import Callable
from typing import Any

import pyte

from tests.terminal import Terminal

# What `labs watch` promises: green so soon after the state has changed.
_SOON_SECONDS = 2.0


def soon() -> float:
    """Return how many seconds may pass until what has changed is shown, on this machine and as busy as it is."""
    return _SOON_SECONDS * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


class Display(Terminal):
    """A process on a pseudo-terminal, and what its screen shows.

    Args:
        argv: The command.
        environment: Its environment.
        columns: The terminal's width.
        rows: The terminal's height.

    """

    def __init__(self, argv: list[str], environment: dict[str, str], columns: int = 80, rows: int = 24) -> None:
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self.sent = b""
        # Programs that draw on all of a terminal ask the terminal for its size, unless they are told otherwise.
        own = {name: value for name, value in environment.items() if name not in ("COLUMNS", "LINES")}
        super().__init__(argv, own, columns, rows)

    def resize(self, rows: int, columns: int) -> None:
        """Change the size, as dragging a window's corner does."""
        self._screen.resize(rows, columns)
        super().resize(rows, columns)

    def clear(self) -> None:
        """Forget what the screen shows."""
        self._screen.reset()

    @property
    def lines(self) -> list[str]:
        """The screen's lines, without the white space at their ends."""
        return [line.rstrip() for line in self._screen.display]

    @property
    def text(self) -> str:
        """The whole screen."""
        return "\n".join(self.lines)

    @property
    def modes(self) -> list[Any]:
        """How the terminal treats what is typed and printed."""
        return termios.tcgetattr(self._ours)

    def follow(self, seconds: float) -> None:
        """Let the screen follow what is sent, for so long or until something has been."""
        if select.select([self._ours], [], [], seconds)[0]:
            # A terminal whose other side is closed ends with an error.
            with contextlib.suppress(OSError):
                data = os.read(self._ours, 1 << 16)
                self.sent += data
                self._stream.feed(data)

    def await_(self, wanted: str | Callable[[str], bool], seconds: float = 20) -> float:
        """Wait until the screen shows what is wanted, and return how many seconds that took."""
        fits = wanted if callable(wanted) else lambda text: wanted in text
        began = time.monotonic()
        while not fits(self.text):
            left = began + seconds - time.monotonic()
            assert left > 0, self.text
            self.follow(min(left, 0.1))
        return time.monotonic() - began

    def pass_by(self, seconds: float) -> None:
        """Let time pass, with the screen following what is sent."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.follow(left)

    def ended(self, seconds: float = 10) -> int:
        """Wait for the process's end, and return its exit status."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < deadline:
            self.follow(0.05)
        self.follow(0.05)
        return self.process.wait(1)
