"""Connections that the engine has upgraded ("hijacked") to raw streams: their frames, and a bridge to plain sockets.

The framing is the Docker Engine API's 'Stream format' of `POST /containers/{id}/attach`: a byte for the stream, three
bytes of padding, four bytes of length (big endian), the payload.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any

STDOUT, STDERR = 1, 2
HEADER_BYTES = 8
_CHUNK = 1 << 16


class HijackedStream:
    """The socket of an attach or exec, and the data that was read from it together with the response's headers.

    Args:
        sock: What the SDK returns for `socket=True`.

    """

    def __init__(self, sock: Any) -> None:
        self._owner = sock
        self._sock = getattr(sock, "_sock", sock)
        self._buffered = self._read_buffer(sock)
        # The client's timeout is for responses; a stream may be silent for any time.
        self._sock.settimeout(None)

    @staticmethod
    def _read_buffer(sock: Any) -> bytes:
        # The HTTP reader may have read past the headers; those bytes are in its buffer and no longer in the socket.
        response = getattr(sock, "_response", None)
        reader = getattr(getattr(getattr(response, "raw", None), "_fp", None), "fp", None)
        raw = getattr(sock, "_sock", None)
        if reader is None or raw is None:
            return b""
        timeout = raw.gettimeout()
        raw.setblocking(False)
        try:
            buffered: bytes = reader.peek()
        except (OSError, ValueError):
            buffered = b""
        finally:
            raw.settimeout(timeout)
        return buffered

    def receive_bytes(self, size: int = _CHUNK) -> bytes:
        """Wait for data and return up to `size` bytes of it; empty at the end."""
        if self._buffered:
            data, self._buffered = self._buffered[:size], self._buffered[size:]
            return data
        return bytes(self._sock.recv(size))

    def send_bytes(self, data: bytes) -> None:
        """Write all of the data."""
        self._sock.sendall(data)

    def end_input(self) -> None:
        """Close the writing direction of the connection."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_WR)

    def set_read_timeout(self, seconds: float | None) -> None:
        """Make a read raise `TimeoutError` after this many seconds; None means no limit."""
        self._sock.settimeout(seconds)

    @property
    def has_buffered_output(self) -> bool:
        """Whether data has already been read that `select` does not report."""
        return bool(self._buffered)

    def fileno(self) -> int:
        """Return the file descriptor, for `select`."""
        return int(self._sock.fileno())

    def close(self) -> None:
        """Close the connection."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            self._owner.close()

    def read_frames(self) -> Iterator[tuple[int, bytes]]:
        """Yield (stream, payload) for each frame until the end."""
        return read_frames(self.receive_bytes)


def read_frames(receive: Callable[[int], bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield (stream, payload) for each frame, until the end.

    Args:
        receive: Returns up to the given number of bytes; none at the end.

    """
    while header := _receive_exactly(receive, HEADER_BYTES):
        stream, length = struct.unpack(">BxxxL", header)
        yield stream, _receive_exactly(receive, length)


def _receive_exactly(receive: Callable[[int], bytes], size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        chunk = receive(min(size - len(data), _CHUNK))
        if not chunk:
            return b""
        data += chunk
    return bytes(data)


def bridge_to_socket(hijacked: HijackedStream) -> socket.socket:
    """Return a plain socket that reads the stream's standard output and writes to its standard input.

    Two threads copy the data; they end when either side is closed.
    """
    inner, outer = socket.socketpair()
    threading.Thread(target=_copy_output, args=(hijacked, inner), daemon=True).start()
    threading.Thread(target=_copy_input, args=(hijacked, inner), daemon=True).start()
    return outer


def _copy_output(hijacked: HijackedStream, inner: socket.socket) -> None:
    with contextlib.suppress(OSError):
        for stream, payload in hijacked.read_frames():
            if stream == STDOUT:
                inner.sendall(payload)
    with contextlib.suppress(OSError):
        inner.shutdown(socket.SHUT_WR)


def _copy_input(hijacked: HijackedStream, inner: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := inner.recv(_CHUNK):
            hijacked.send_bytes(data)
    hijacked.end_input()
