"""Hijacked engine connections: the frames on them, and plain sockets made of them.

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
    """The socket of an attach or exec, with what had already been read from it.

    Args:
        sock: What the SDK returns for `socket=True`.

    """

    def __init__(self, sock: Any) -> None:
        self._keep = sock
        self._sock = getattr(sock, "_sock", sock)
        self._early = self._buffered(sock)
        # The client's limit for an answer; a stream may be silent for as long as it likes.
        self._sock.settimeout(None)

    @staticmethod
    def _buffered(sock: Any) -> bytes:
        # The HTTP reader may have read past the headers; those bytes are in its buffer and no longer in the socket.
        response = getattr(sock, "_response", None)
        reader = getattr(getattr(getattr(response, "raw", None), "_fp", None), "fp", None)
        raw = getattr(sock, "_sock", None)
        if reader is None or raw is None:
            return b""
        timeout = raw.gettimeout()
        raw.setblocking(False)
        try:
            early: bytes = reader.peek()
        except (OSError, ValueError):
            early = b""
        finally:
            raw.settimeout(timeout)
        return early

    def receive(self, size: int = _CHUNK) -> bytes:
        """Read what there is, up to `size` bytes; nothing at the end."""
        if self._early:
            data, self._early = self._early[:size], self._early[size:]
            return data
        return bytes(self._sock.recv(size))

    def send(self, data: bytes) -> None:
        """Write all of it."""
        self._sock.sendall(data)

    def end_input(self) -> None:
        """Tell the other side that no more input comes."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_WR)

    def set_timeout(self, seconds: float | None) -> None:
        """Let reads fail with `TimeoutError` after some seconds."""
        self._sock.settimeout(seconds)

    @property
    def has_buffered_output(self) -> bool:
        """Whether something has been read already that `select` knows nothing of."""
        return bool(self._early)

    def fileno(self) -> int:
        """Return the descriptor, for `select`."""
        return int(self._sock.fileno())

    def close(self) -> None:
        """Close it."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            self._keep.close()

    def read_frames(self) -> Iterator[tuple[int, bytes]]:
        """Yield (stream, payload) until the end."""
        return read_frames(self.receive)


def read_frames(recv: Callable[[int], bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield (stream, payload) for each frame that `recv` delivers, until its end."""
    while header := _exactly(recv, HEADER_BYTES):
        stream, length = struct.unpack(">BxxxL", header)
        yield stream, _exactly(recv, length)


def _exactly(recv: Callable[[int], bytes], size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        chunk = recv(min(size - len(data), _CHUNK))
        if not chunk:
            return b""
        data += chunk
    return bytes(data)


def bridge_to_socket(hijacked: HijackedStream) -> socket.socket:
    """Return a real socket that reads the stream's standard output and writes its input.

    Two threads carry the bytes; they end with either side.
    """
    ours, theirs = socket.socketpair()
    threading.Thread(target=_carry_out, args=(hijacked, ours), daemon=True).start()
    threading.Thread(target=_carry_in, args=(hijacked, ours), daemon=True).start()
    return theirs


def _carry_out(hijacked: HijackedStream, ours: socket.socket) -> None:
    with contextlib.suppress(OSError):
        for stream, payload in hijacked.read_frames():
            if stream == STDOUT:
                ours.sendall(payload)
    with contextlib.suppress(OSError):
        ours.shutdown(socket.SHUT_WR)


def _carry_in(hijacked: HijackedStream, ours: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := ours.recv(_CHUNK):
            hijacked.send(data)
    hijacked.end_input()
