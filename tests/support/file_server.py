"""An HTTP server on the loopback interface that serves files, and can break connections as real networks do."""

from __future__ import annotations

import re
import ssl
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import cast


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """A request that the server has received."""

    method: str
    path: str
    range: str | None
    if_range: str | None


@dataclass
class FileServer:
    """A server in a thread of this process.

    Attributes:
        files: The content of each file by its path, which begins with a slash.
        etag: The `ETag` of all files; none is sent if empty.
        last_modified: The `Last-Modified` header of all files; none is sent if empty.
        has_ranges: Whether the server supports `Range`.
        breaks: After how many bytes of a body the connection breaks: the first number is for the next request of a file
            that is longer than that, and so on.
        is_stalling: Whether the server stops sending instead of closing the connection.
        redirects: Where the server redirects to, by path.
        headers: Additional headers of every response.
        statuses: The status of each path that is answered with an error.
        requests: What the server has received.

    """

    files: dict[str, bytes] = field(default_factory=dict)
    etag: str = '"1"'
    last_modified: str = ""
    has_ranges: bool = True
    breaks: list[int] = field(default_factory=list)
    is_stalling: bool = False
    redirects: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    requests: list[ReceivedRequest] = field(default_factory=list)
    certificate: Path | None = None
    stalled: threading.Event = field(default_factory=threading.Event)
    stopping: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> FileServer:
        self._server = _Server(self)
        if self.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()

    def url(self, path: str) -> str:
        """Return the URL of a path."""
        scheme = "https" if self.certificate else "http"
        return f"{scheme}://127.0.0.1:{self._server.server_port}{path}"

    def list_ranges(self, path: str) -> list[str | None]:
        """Return the `Range` header of each request for a path."""
        return [request.range for request in self.requests if (request.method, request.path) == ("GET", path)]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, owner: FileServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.owner = owner

    def handle_error(self, request: object, client_address: object) -> None:
        """Print nothing when a client closes its connection."""


class _Handler(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self._respond()

    def do_GET(self) -> None:
        self._respond()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        """Print nothing."""

    def _respond(self) -> None:
        owner = cast(_Server, self.server).owner
        header_range, if_range = self.headers["Range"], self.headers["If-Range"]
        owner.requests.append(ReceivedRequest(self.command, self.path, header_range, if_range))
        if self.path in owner.redirects:
            self._send_headers(302, 0, {"Location": owner.redirects[self.path]})
        elif self.path in owner.statuses or self.path not in owner.files:
            self._send_headers(owner.statuses.get(self.path, 404), 0, {})
        else:
            self._send_file(owner, header_range, if_range)

    def _send_file(self, owner: FileServer, header_range: str | None, if_range: str | None) -> None:
        content = owner.files[self.path]
        validators = {"ETag": owner.etag} if owner.etag else {}
        validators |= {"Last-Modified": owner.last_modified} if owner.last_modified else {}
        start = re.fullmatch(r"bytes=(\d+)-", header_range or "")
        if not (start and owner.has_ranges and if_range in (None, owner.etag, owner.last_modified)):
            self._send_headers(200, len(content), validators | owner.headers)
            self._send_body(owner, content)
        elif int(start[1]) >= len(content):
            self._send_headers(416, 0, {"Content-Range": f"bytes */{len(content)}"})
        else:
            first = int(start[1])
            content_range = f"bytes {first}-{len(content) - 1}/{len(content)}"
            self._send_headers(206, len(content) - first, validators | owner.headers | {"Content-Range": content_range})
            self._send_body(owner, content[first:])

    def _send_headers(self, status: int, length: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(length)} | headers).items():
            self.send_header(name, value)
        self.end_headers()

    def _send_body(self, owner: FileServer, content: bytes) -> None:
        if self.command == "HEAD":
            return
        if owner.breaks and len(content) > owner.breaks[0]:
            self.wfile.write(content[: owner.breaks.pop(0)])
            if owner.is_stalling:
                owner.stalled.set()
                owner.stopping.wait()
        else:
            self.wfile.write(content)
