"""Speaks with the agent in a machine; the protocol is told in `recipes/vm/labs-agent`.

Whoever is root in a machine can put something else in the agent's place. So nothing that comes is believed: it is an
error to say what the agent would not, and to say more than it would.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Mapping, Sequence
from enum import IntEnum

_HEADER = struct.Struct(">BI")
_CHUNK = 1 << 16
# The agent reads pieces of 64 kB.
_FRAME_BYTES = 1 << 16
_FIRST_SECONDS = 30


class To(IntEnum):
    """What a frame to the agent is."""

    INPUT = 0
    END = 1
    SIZE = 2


class From(IntEnum):
    """What a frame from the agent is."""

    OUTPUT = 1
    ERROR = 2
    STATUS = 3


class NoAgentError(ConnectionError):
    """What answers is not our agent."""


class Session:
    """One request to an agent, and what comes back.

    Args:
        connection: A connection to the agent.
        what: What it shall do: `run`, `terminal`, `port` or `halt`.
        words: The command, or the port.
        environment: Variables for the command.
        size: Rows and columns, for a terminal.

    """

    def __init__(
        self,
        connection: socket.socket,
        what: str,
        words: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        size: tuple[int, int] = (24, 80),
    ) -> None:
        self._connection = connection
        self._waiting = bytearray()
        variables = [f"{name}={value}" for name, value in (environment or {}).items()]
        fields = [what, *map(str, size), str(len(variables)), *variables, *words]
        self.send(To.INPUT, "\0".join(fields).encode())

    def send(self, kind: To, data: bytes = b"") -> None:
        """Send a frame."""
        self._connection.sendall(_HEADER.pack(kind, len(data)) + data)

    def receive(self) -> list[tuple[int, bytes]] | None:
        """Wait for something, and return the frames that are whole by then; None at the end.

        Raises:
            NoAgentError: Something else than a frame came.

        """
        data = self._connection.recv(_CHUNK)
        if not data:
            return None
        self._waiting += data
        frames = []
        while len(self._waiting) >= _HEADER.size:
            kind, length = _head(self._waiting)
            end = _HEADER.size + length
            if len(self._waiting) < end:
                break
            frames.append((kind, bytes(self._waiting[_HEADER.size : end])))
            del self._waiting[:end]
        return frames

    def first(self) -> tuple[int, bytes] | None:
        """Wait for one frame and read not a byte more, since what follows may be no frames; None at the end.

        Raises:
            NoAgentError: Something else than a frame came.
            TimeoutError: Nothing came for a long time.

        """
        self._connection.settimeout(_FIRST_SECONDS)
        try:
            head = self._read(_HEADER.size)
            if len(head) < _HEADER.size:
                return None
            kind, length = _head(head)
            return kind, self._read(length)
        finally:
            self._connection.settimeout(None)

    def _read(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size and (piece := self._connection.recv(size - len(data))):
            data += piece
        return bytes(data)

    def fileno(self) -> int:
        """Return the descriptor, for `select`."""
        return self._connection.fileno()

    def close(self) -> None:
        """Hang up; a command that still runs is ended."""
        self._connection.close()

    def detach(self) -> socket.socket:
        """Return the connection itself, for what follows the first frame."""
        return self._connection


def _head(data: bytes | bytearray) -> tuple[int, int]:
    kind, length = _HEADER.unpack_from(data)
    if kind not in set(From) or length > _FRAME_BYTES:
        raise NoAgentError("what answers there is not the agent of labs")
    return kind, length
