"""Notifications from terminals on nodes to watching commands, such as `labs watch`.

Docker's events report what happens to containers. Only the terminal knows that a command has written a file or that a
program has printed something. Each listener has a datagram socket, and a notifier sends to all of them. Without
listeners this costs nothing.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from pathlib import Path

from runner import paths, sockets

# Limits the rate of notifications, because a program may print continuously.
_MIN_INTERVAL_SECONDS = 1.0
_SOCKET_SUFFIX = ".activity"


class ActivityNotifier:
    """Notifies all listeners of output on a node, at most once a second."""

    def __init__(self) -> None:
        self._last_sent = float("-inf")

    def __call__(self, output: bytes) -> None:
        """Notify the listeners if the output contains the end of a line: a command was entered, or has printed a line.

        Args:
            output: What a terminal or a command on a node has printed.

        """
        now = time.monotonic()
        if b"\n" in output and now - self._last_sent >= _MIN_INTERVAL_SECONDS:
            self._last_sent = now
            _notify_listeners()


class ActivityListener:
    """Receives notifications from all terminals of this project; `select` reports it as readable when one arrives."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._path = _listeners_folder() / f"{os.getpid()}{_SOCKET_SUFFIX}"
        # If the socket cannot be created, the watching command still polls.
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._path.unlink(missing_ok=True)
            with sockets.shorten_address(self._path) as address:
                self._socket.bind(address)

    def fileno(self) -> int:
        """Return the file descriptor, for `select`."""
        return self._socket.fileno()

    def discard_notifications(self) -> None:
        """Discard all notifications received so far."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self._socket.recv(1)

    def close(self) -> None:
        """Stop listening and remove the socket."""
        self._socket.close()
        self._path.unlink(missing_ok=True)


def _listeners_folder() -> Path:
    return paths.sockets_folder() / "watch"


def _notify_listeners() -> None:
    for path in _listeners_folder().glob(f"*{_SOCKET_SUFFIX}"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            try:
                with sockets.shorten_address(path) as address:
                    sender.sendto(b"!", address)
            except ConnectionRefusedError:
                # The listening process was killed.
                path.unlink(missing_ok=True)
            except OSError:
                # The listener's queue is full, or it has just been closed.
                continue
