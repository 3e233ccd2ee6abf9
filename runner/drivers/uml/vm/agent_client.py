"""The client of the agent in a VM; `recipes/vm/labs-agent` describes the protocol.

A user who is root in a VM can replace the agent. So this client does not trust what it receives: a frame of another
type or size than the agent sends is an error.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Mapping, Sequence
from enum import IntEnum

_HEADER = struct.Struct(">BI")
_CHUNK = 1 << 16
# The agent reads 64 kB at a time.
_MAX_FRAME_BYTES = 1 << 16
_FIRST_FRAME_SECONDS = 30


class RequestFrameType(IntEnum):
    """The types of frames to the agent."""

    INPUT = 0
    END = 1
    SIZE = 2


class ResponseFrameType(IntEnum):
    """The types of frames from the agent."""

    OUTPUT = 1
    ERROR = 2
    STATUS = 3


class AgentProtocolError(ConnectionError):
    """The peer does not follow the agent's protocol."""


class AgentSession:
    """One request to an agent and its response.

    Args:
        connection: A connection to the agent.
        action: What to do: `run`, `terminal`, `connect` or `shutdown`.
        arguments: The command, or the port.
        environment: Variables for the command.
        size: Rows and columns of a terminal.

    """

    def __init__(
        self,
        connection: socket.socket,
        action: str,
        arguments: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        size: tuple[int, int] = (24, 80),
    ) -> None:
        self._connection = connection
        self._received = bytearray()
        variables = [f"{name}={value}" for name, value in (environment or {}).items()]
        fields = [action, *map(str, size), str(len(variables)), *variables, *arguments]
        self.send_frame(RequestFrameType.INPUT, "\0".join(fields).encode())

    def send_frame(self, frame_type: RequestFrameType, data: bytes = b"") -> None:
        """Send a frame."""
        self._connection.sendall(_HEADER.pack(frame_type, len(data)) + data)

    def receive_frames(self) -> list[tuple[int, bytes]] | None:
        """Wait for data, and return the frames that are complete; None at the end of the response.

        Raises:
            AgentProtocolError: The data is not a frame.

        """
        data = self._connection.recv(_CHUNK)
        if not data:
            return None
        self._received += data
        frames = []
        while len(self._received) >= _HEADER.size:
            frame_type, length = _parse_header(self._received)
            end = _HEADER.size + length
            if len(self._received) < end:
                break
            frames.append((frame_type, bytes(self._received[_HEADER.size : end])))
            del self._received[:end]
        return frames

    def receive_first_frame(self) -> tuple[int, bytes] | None:
        """Wait for one frame and read nothing beyond it, because other data than frames may follow; None at the end.

        Raises:
            AgentProtocolError: The data is not a frame.
            TimeoutError: Nothing arrived for a long time.

        """
        self._connection.settimeout(_FIRST_FRAME_SECONDS)
        try:
            header = self._receive_exactly(_HEADER.size)
            if len(header) < _HEADER.size:
                return None
            frame_type, length = _parse_header(header)
            return frame_type, self._receive_exactly(length)
        finally:
            self._connection.settimeout(None)

    def _receive_exactly(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size and (chunk := self._connection.recv(size - len(data))):
            data += chunk
        return bytes(data)

    def fileno(self) -> int:
        """Return the file descriptor, for `select`."""
        return self._connection.fileno()

    def close(self) -> None:
        """Close the connection; the agent ends a command that still runs."""
        self._connection.close()

    def detach_connection(self) -> socket.socket:
        """Return the connection itself, for the data that follows the first frame."""
        return self._connection


def _parse_header(data: bytes | bytearray) -> tuple[int, int]:
    frame_type, length = _HEADER.unpack_from(data)
    if frame_type not in set(ResponseFrameType) or length > _MAX_FRAME_BYTES:
        raise AgentProtocolError("the response does not come from the labs agent")
    return frame_type, length
