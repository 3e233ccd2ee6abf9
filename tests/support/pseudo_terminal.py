"""A pseudo-terminal for tests, with a command running on it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping


class PseudoTerminal:
    """A process on a pseudo-terminal."""

    def __init__(self, argv: list[str], environment: dict[str, str], columns: int = 80, rows: int = 24) -> None:
        controller, child_side = pty.openpty()
        self._fd = controller
        self.resize(rows, columns)
        terminal_environment = {**environment, "TERM": "xterm"}
        self.process = subprocess.Popen(
            argv,
            env=terminal_environment,
            stdin=child_side,
            stdout=child_side,
            stderr=child_side,
            start_new_session=True,
            close_fds=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(child_side)

    def resize(self, rows: int, columns: int) -> None:
        """Resize the terminal, as if its window was resized."""
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type_text(self, text: str) -> None:
        """Type text."""
        os.write(self._fd, text.encode())

    def read_until(self, expected: str, seconds: float = 20) -> str:
        """Return the output up to and including the expected text."""
        output, deadline = "", time.monotonic() + seconds
        while expected not in output and time.monotonic() < deadline:
            if select.select([self._fd], [], [], 0.2)[0]:
                output += os.read(self._fd, 4096).decode("utf-8", "replace")
        assert expected in output, output
        return output

    def close(self) -> None:
        """Terminate the process and close the terminal."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)
        os.close(self._fd)


@contextlib.contextmanager
def open_node_shell(environment: Mapping[str, str]) -> Iterator[PseudoTerminal]:
    """Run `labs shell node2` in a terminal, and yield it once it shows its prompt."""
    terminal = PseudoTerminal([sys.executable, "-m", "runner", "shell", "node2"], {**environment, "NO_COLOR": "1"})
    terminal.read_until("] ~ ")
    yield terminal
    terminal.close()
