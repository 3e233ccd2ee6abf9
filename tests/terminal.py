"""A terminal for the tests, with a command on it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time


class Terminal:
    """A process on a pseudo-terminal."""

    def __init__(self, argv: list[str], environment: dict[str, str], columns: int = 80, rows: int = 24) -> None:
        ours, theirs = pty.openpty()
        self._ours = ours
        self.resize(rows, columns)
        own = {**environment, "TERM": "xterm"}
        self.process = subprocess.Popen(
            argv,
            env=own,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            close_fds=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(theirs)

    def resize(self, rows: int, columns: int) -> None:
        """Change the size, as dragging a window's corner does."""
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text: str) -> None:
        """Type some keys."""
        os.write(self._ours, text.encode())

    def read_until(self, wanted: str, seconds: float = 20) -> str:
        """Return what is shown until `wanted` shows up."""
        seen, deadline = "", time.monotonic() + seconds
        while wanted not in seen and time.monotonic() < deadline:
            if select.select([self._ours], [], [], 0.2)[0]:
                seen += os.read(self._ours, 4096).decode("utf-8", "replace")
        assert wanted in seen, seen
        return seen

    def close(self) -> None:
        """End it."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)
        os.close(self._ours)
