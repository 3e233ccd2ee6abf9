"""A Docker client over custom streams, with a small HTTP server in place of the engine."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler

import pytest
import requests
from docker.errors import NotFound

from runner.nodes import docker_transport

RESPONSES = {"/_ping": b"OK", "/containers/json": json.dumps([{"Id": "abc"}]).encode()}


class Engine:
    """Opens streams, and answers requests on each of them."""

    def __init__(self) -> None:
        self.requested_paths: list[str] = []
        self.stream_count = 0
        self._sockets: list[socket.socket] = []

    def open_stream(self) -> socket.socket:
        """Return one end of a new stream, and serve requests on the other end."""
        server, client = socket.socketpair()
        self.stream_count += 1
        self._sockets += [server, client]
        threading.Thread(target=self._serve, args=(server,), daemon=True).start()
        return client

    def _serve(self, sock: socket.socket) -> None:
        engine = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                engine.requested_paths.append(self.path)
                path = self.path.split("?")[0].removeprefix(f"/v{docker_transport.API_VERSION}")
                if path == "/containers/slow/json":
                    time.sleep(3)
                response = RESPONSES.get(path)
                content = response if response is not None else b'{"message": "no such thing"}'
                self.send_response(200 if response is not None else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        with contextlib.suppress(OSError):
            Handler(sock, ("", 0), None)  # type: ignore[arg-type]

    def close(self) -> None:
        """Close both ends of every stream."""
        for sock in self._sockets:
            sock.close()


@pytest.fixture
def engine() -> Iterator[Engine]:
    """Yield an engine without streams."""
    created = Engine()
    yield created
    created.close()


def test_lazy(engine: Engine) -> None:
    """Creating a client opens no stream, and does not request the engine's version."""
    docker_transport.create_client_over_streams(engine.open_stream).close()
    assert (0, []) == (engine.stream_count, engine.requested_paths)


def test_calls(engine: Engine) -> None:
    """Requests use our API version, and responses become the SDK's objects."""
    client = docker_transport.create_client_over_streams(engine.open_stream)
    assert client.ping() is True
    assert [{"Id": "abc"}] == client.api.containers()
    assert [f"/v{docker_transport.API_VERSION}"] * 2 == [
        path[: len(docker_transport.API_VERSION) + 2] for path in engine.requested_paths
    ]


def test_consecutive_requests(engine: Engine) -> None:
    """Consecutive requests share one stream."""
    client = docker_transport.create_client_over_streams(engine.open_stream)
    for _ in range(5):
        client.ping()
    assert 1 == engine.stream_count


def test_threads(engine: Engine) -> None:
    """Each of several parallel requests gets its response."""
    client = docker_transport.create_client_over_streams(engine.open_stream)
    responses: list[object] = []
    threads = [threading.Thread(target=lambda: responses.append(client.ping())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [True] * 8 == responses


def test_error(engine: Engine) -> None:
    """An error response raises the SDK's exception with the engine's message."""
    with pytest.raises(NotFound, match="no such thing"):
        docker_transport.create_client_over_streams(engine.open_stream).api.inspect_container("gone")


def test_proxy(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy in the environment is not used."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert docker_transport.create_client_over_streams(engine.open_stream).ping() is True


def test_silent_engine(engine: Engine) -> None:
    """A request fails after the timeout if the engine does not answer."""
    began = time.monotonic()
    with pytest.raises(requests.exceptions.RequestException):
        docker_transport.create_client_over_streams(engine.open_stream, timeout=1).api.inspect_container("slow")
    assert 1 <= time.monotonic() - began < 2.5


def _open_refused_stream() -> socket.socket:
    raise ConnectionRefusedError("connection refused")


def _open_closed_stream() -> socket.socket:
    server, client = socket.socketpair()
    server.close()
    return client


@pytest.mark.parametrize("open_stream", [_open_refused_stream, _open_closed_stream])
def test_no_engine(open_stream: Callable[[], socket.socket]) -> None:
    """A stream that cannot be opened, or is closed immediately, raises a connection error."""
    with pytest.raises(requests.exceptions.ConnectionError):
        docker_transport.create_client_over_streams(open_stream).ping()


def test_redirect() -> None:
    """A redirect, for example to the host's own network, is not followed."""
    with socket.create_server(("127.0.0.1", 0)) as local_server:
        url = f"https://127.0.0.1:{local_server.getsockname()[1]}/"

        def open_redirecting_stream() -> socket.socket:
            server, client = socket.socketpair()
            server.sendall(f"HTTP/1.1 302 Found\r\nLocation: {url}\r\nContent-Length: 0\r\n\r\n".encode())
            return client

        with pytest.raises(requests.TooManyRedirects):
            docker_transport.create_client_over_streams(open_redirecting_stream).info()
        local_server.setblocking(False)
        with pytest.raises(BlockingIOError):
            local_server.accept()


def test_response_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A response without end raises an error that names the limit."""
    monkeypatch.setattr(docker_transport, "_MAX_RESPONSE_MEGABYTES", 1)

    def open_endless_stream() -> socket.socket:
        server, client = socket.socketpair()

        def respond() -> None:
            with contextlib.suppress(OSError), server:
                server.recv(1000)
                server.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
                while True:
                    server.sendall(b" " * 65536)

        threading.Thread(target=respond, daemon=True).start()
        return client

    docker_client = docker_transport.create_client_over_streams(open_endless_stream)
    with pytest.raises(requests.ConnectionError, match="larger than 1 MB"):
        docker_client.info()
    docker_client.close()
