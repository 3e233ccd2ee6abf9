"""A small HTTP server that loses no request during shutdown, and accepts connections a moment after its start.

It listens before anything else, so early clients wait instead of being refused. After SIGTERM it keeps accepting
connections for a moment, because the load balancer learns of the shutdown a little later; then it finishes the requests
that it has begun.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import threading
import time

# Importing what only type checkers need would take a large part of the start-up time.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from io import BufferedReader

    RequestHandler = Callable[["Request"], "Response"]

# How long to accept connections after SIGTERM, and how long to wait after that for slow responses.
DRAIN_SECONDS = 0.5
SHUTDOWN_TIMEOUT = 5.0
_MAX_LINE_BYTES = 1 << 16
_MAX_BODY_BYTES = 1 << 20
_REASONS = {200: "OK", 303: "See Other", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed"}


class Request:
    """An HTTP request."""

    def __init__(self, method: str, target: str, headers: list[tuple[str, str]], body: bytes, peer: str) -> None:
        self.method = method
        self.target = target
        self.path, _, self.query = target.partition("?")
        self.headers = headers
        self.body = body
        self.peer = peer

    def header(self, name: str) -> str:
        """Return a header's value, or an empty string; header names are case-insensitive."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


class Response:
    """An HTTP response."""

    def __init__(
        self, body: str = "", status: int = 200, content_type: str = "text/plain", headers: dict[str, str] | None = None
    ) -> None:
        self.body = body.encode()
        self.status = status
        self.headers = {"Content-Type": f"{content_type}; charset=utf-8", **(headers or {})}

    def encode(self, *, close: bool, head_only: bool) -> bytes:
        """Return the response as bytes to send.

        Args:
            close: Whether the connection ends after this response.
            head_only: Whether to leave out the body, as for the method HEAD.

        """
        headers = {**self.headers, "Content-Length": str(len(self.body)), **({"Connection": "close"} if close else {})}
        lines = [f"HTTP/1.1 {self.status} {_REASONS.get(self.status, 'Error')}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode() + (b"" if head_only else self.body)


class BadRequestError(Exception):
    """The client sent something that this server does not understand."""


def read_request(stream: BufferedReader, peer: str) -> Request | None:
    """Read one request, or return None if the client has closed the connection.

    Raises:
        BadRequestError: The client sent something else than a request.

    """
    first = stream.readline(_MAX_LINE_BYTES).decode("latin-1")
    if not first.strip():
        return None
    words = first.split()
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise BadRequestError
    headers = []
    while line := stream.readline(_MAX_LINE_BYTES).decode("latin-1").strip():
        name, _, value = line.partition(":")
        headers.append((name, value.strip()))
    request = Request(words[0], words[1], headers, b"", peer)
    length = request.header("Content-Length") or "0"
    if not length.isdecimal() or int(length) > _MAX_BODY_BYTES or request.header("Transfer-Encoding"):
        raise BadRequestError
    request.body = stream.read(int(length))
    if words[2] == "HTTP/1.0" and not request.header("Connection"):
        headers.append(("Connection", "close"))
    return request


class Server:
    """Serves on a port until SIGTERM or SIGINT.

    Args:
        port: The TCP port; the server listens as soon as it is created.

    """

    def __init__(self, port: int) -> None:
        self._listener = socket.create_server(("", port), backlog=512)
        self._wakeup_reader, self._wakeup_writer = socket.socketpair()
        self._is_shutting_down = False
        # How many connections have an unanswered request; a new connection counts, because its request is on the way.
        self._busy = 0
        self._busy_changed = threading.Condition()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_signal: self._wakeup_writer.send(b"!"))

    def serve(self, handler: RequestHandler) -> None:
        """Answer requests, each connection in its own thread, and end the process after the shutdown.

        Args:
            handler: Returns the response to a request.

        """
        deadline: float | None = None
        while deadline is None or time.monotonic() < deadline:
            timeout = None if deadline is None else max(0.0, deadline - time.monotonic())
            ready, _, _ = select.select([self._listener, self._wakeup_reader], [], [], timeout)
            if self._wakeup_reader in ready:
                self._wakeup_reader.recv(1)
                self._is_shutting_down, deadline = True, deadline or time.monotonic() + DRAIN_SECONDS
            if self._listener in ready:
                self._accept(handler)
        self._listener.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                self._accept(handler)
        self._listener.close()
        with self._busy_changed:
            self._busy_changed.wait_for(lambda: not self._busy, SHUTDOWN_TIMEOUT)
        # Threads that wait for another request on an open connection have nothing to lose.
        os._exit(0)

    def _accept(self, handler: RequestHandler) -> None:
        connection, (address, port) = self._listener.accept()
        self._add_busy(1)
        thread = threading.Thread(
            target=self._serve_connection, args=(connection, f"{address}:{port}", handler), daemon=True
        )
        thread.start()

    def _add_busy(self, change: int) -> None:
        with self._busy_changed:
            self._busy += change
            self._busy_changed.notify()

    def _serve_connection(self, connection: socket.socket, peer: str, handler: RequestHandler) -> None:
        # The client may disconnect at any time.
        with contextlib.suppress(OSError), connection, connection.makefile("rb") as stream:
            connection.setblocking(True)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                while self._serve_request(connection, stream, peer, handler):
                    self._add_busy(-1)
                    try:
                        next_byte = stream.peek(1)
                    finally:
                        self._add_busy(1)
                    if not next_byte:
                        break
            finally:
                self._add_busy(-1)

    def _serve_request(
        self, connection: socket.socket, stream: BufferedReader, peer: str, handler: RequestHandler
    ) -> bool:
        """Answer one request; return whether another may follow."""
        try:
            request = read_request(stream, peer)
        except BadRequestError:
            connection.sendall(Response("Bad request\n", 400).encode(close=True, head_only=False))
            return False
        if request is None:
            return False
        response = _call_handler(handler, request)
        close = self._is_shutting_down or request.header("Connection").lower() == "close"
        connection.sendall(response.encode(close=close, head_only=request.method == "HEAD"))
        return not close


def _call_handler(handler: RequestHandler, request: Request) -> Response:
    try:
        return handler(request)
    except Exception as error:  # an error in one request must not affect others
        print(f"{request.method} {request.target}: {error!r}", flush=True)
        return Response(f"Internal error: {error}\n", 500)
