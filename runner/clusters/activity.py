"""Lets a terminal on a node tell whoever watches that something has been typed there.

Engines tell what happens to containers; that a file was written, or that a program answers now, only the terminal could
tell in which that was done. A note to a socket costs nothing, and where nobody watches there is none.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from pathlib import Path

from runner import paths

# Programs may print without end.
_PAUSE_SECONDS = 1.0


class Ringer:
    """Rings all bells, though no more than once a second."""

    def __init__(self) -> None:
        self._last = float("-inf")

    def __call__(self, said: bytes) -> None:
        """Ring if what was said ends a line: that of a command, or one of what came of it.

        Args:
            said: What a command or a terminal on a node has printed.

        """
        now = time.monotonic()
        if b"\n" in said and now - self._last >= _PAUSE_SECONDS:
            self._last = now
            _ring()


class Bell:
    """A bell that terminals of this project ring; readable once one has."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._path = _folder() / f"{os.getpid()}.bell"
        # Where no socket can be, a look now and then has to do.
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._path.unlink(missing_ok=True)
            self._socket.bind(str(self._path))

    def fileno(self) -> int:
        """Return the descriptor, for `select`."""
        return self._socket.fileno()

    def silence(self) -> None:
        """Take in that it has rung, however often."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self._socket.recv(1)

    def close(self) -> None:
        """Take it down."""
        self._socket.close()
        self._path.unlink(missing_ok=True)


def _folder() -> Path:
    return paths.sockets_folder() / "watching"


def _ring() -> None:
    for path in _folder().glob("*.bell"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as note:
            note.setblocking(False)
            try:
                note.sendto(b"!", str(path))
            except ConnectionRefusedError:
                # Whoever hung it up was killed.
                path.unlink(missing_ok=True)
            except OSError:
                # It has been rung so often that it is full, or has just been taken down.
                continue
