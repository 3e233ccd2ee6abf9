"""A small web server that loses no request when it is told to end, and is ready a moment after its start.

It listens before anything else, so whoever comes early waits instead of being refused. After SIGTERM it goes on for a
moment, since whoever distributes the requests hears of the end a little later, and then finishes what it has begun.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import threading
import time

# Importing what only type checkers need would take a good part of the start.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from io import BufferedReader

    Answer = Callable[["Request"], "Response"]

# How long it goes on taking connections after SIGTERM, and how long it then waits for answers that take their time.
LINGER = 0.5
PATIENCE = 5.0
_LONGEST_HEAD = 1 << 16
_LONGEST_BODY = 1 << 20
_REASONS = {200: "OK", 303: "See Other", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed"}


class Request:
    """What a browser asks for."""

    def __init__(self, method: str, target: str, headers: list[tuple[str, str]], body: bytes, peer: str) -> None:
        self.method = method
        self.target = target
        self.path, _, self.query = target.partition("?")
        self.headers = headers
        self.body = body
        self.peer = peer

    def header(self, name: str) -> str:
        """Return a header's value, whatever the case of its name, or nothing."""
        return next((value for own, value in self.headers if own.lower() == name.lower()), "")


class Response:
    """What it gets."""

    def __init__(
        self, body: str = "", status: int = 200, kind: str = "text/plain", headers: dict[str, str] | None = None
    ) -> None:
        self.body = body.encode()
        self.status = status
        self.headers = {"Content-Type": f"{kind}; charset=utf-8", **(headers or {})}

    def encode(self, *, last: bool, bare: bool) -> bytes:
        """Return the bytes on the wire.

        Args:
            last: Whether the connection ends with it.
            bare: Whether only the head is asked for.

        """
        own = {**self.headers, "Content-Length": str(len(self.body)), **({"Connection": "close"} if last else {})}
        lines = [f"HTTP/1.1 {self.status} {_REASONS.get(self.status, 'Error')}"]
        lines += [f"{name}: {value}" for name, value in own.items()]
        return "\r\n".join([*lines, "", ""]).encode() + (b"" if bare else self.body)


class BadRequestError(Exception):
    """It is no request that this server understands."""


def read(stream: BufferedReader, peer: str) -> Request | None:
    """Read one request, or None where the other side has nothing more to say.

    Raises:
        BadRequestError: It is none.

    """
    first = stream.readline(_LONGEST_HEAD).decode("latin-1")
    if not first.strip():
        return None
    words = first.split()
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise BadRequestError
    headers = []
    while line := stream.readline(_LONGEST_HEAD).decode("latin-1").strip():
        name, _, value = line.partition(":")
        headers.append((name, value.strip()))
    request = Request(words[0], words[1], headers, b"", peer)
    length = request.header("Content-Length") or "0"
    if not length.isdecimal() or int(length) > _LONGEST_BODY or request.header("Transfer-Encoding"):
        raise BadRequestError
    request.body = stream.read(int(length))
    if words[2] == "HTTP/1.0" and not request.header("Connection"):
        headers.append(("Connection", "close"))
    return request


class Server:
    """Serves on a port until SIGTERM or SIGINT.

    Args:
        port: The port; it listens from here on.

    """

    def __init__(self, port: int) -> None:
        self._door = socket.create_server(("", port), backlog=512)
        self._bell, self._rope = socket.socketpair()
        self._ending = False
        # How many connections have a request that is not answered yet; a new one counts, for its request is on the way.
        self._busy = 0
        self._change = threading.Condition()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_signal: self._rope.send(b"!"))

    def serve(self, answer: Answer) -> None:
        """Answer requests, each connection in a thread of its own, and end the process when that is over.

        Args:
            answer: Makes a response of a request.

        """
        until: float | None = None
        while until is None or time.monotonic() < until:
            patience = None if until is None else max(0.0, until - time.monotonic())
            ready, _, _ = select.select([self._door, self._bell], [], [], patience)
            if self._bell in ready:
                self._bell.recv(1)
                self._ending, until = True, until or time.monotonic() + LINGER
            if self._door in ready:
                self._welcome(answer)
        self._door.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                self._welcome(answer)
        self._door.close()
        with self._change:
            self._change.wait_for(lambda: not self._busy, PATIENCE)
        # Threads that wait for a further request on an open connection have nothing to lose.
        os._exit(0)

    def _welcome(self, answer: Answer) -> None:
        connection, (address, port) = self._door.accept()
        self._count(1)
        threading.Thread(target=self._talk, args=(connection, f"{address}:{port}", answer), daemon=True).start()

    def _count(self, change: int) -> None:
        with self._change:
            self._busy += change
            self._change.notify()

    def _talk(self, connection: socket.socket, peer: str, answer: Answer) -> None:
        # The other side may go at any time.
        with contextlib.suppress(OSError), connection, connection.makefile("rb") as stream:
            connection.setblocking(True)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                while self._exchange(connection, stream, peer, answer):
                    self._count(-1)
                    try:
                        further = stream.peek(1)
                    finally:
                        self._count(1)
                    if not further:
                        break
            finally:
                self._count(-1)

    def _exchange(self, connection: socket.socket, stream: BufferedReader, peer: str, answer: Answer) -> bool:
        """Answer one request; return whether another may follow."""
        try:
            request = read(stream, peer)
        except BadRequestError:
            connection.sendall(Response("Bad request\n", 400).encode(last=True, bare=False))
            return False
        if request is None:
            return False
        response = _answered(answer, request)
        last = self._ending or request.header("Connection").lower() == "close"
        connection.sendall(response.encode(last=last, bare=request.method == "HEAD"))
        return not last


def _answered(answer: Answer, request: Request) -> Response:
    try:
        return answer(request)
    except Exception as error:  # one request's misfortune is not the others'
        print(f"{request.method} {request.target}: {error!r}", flush=True)
        return Response(f"Something went wrong here: {error}\n", 500)
