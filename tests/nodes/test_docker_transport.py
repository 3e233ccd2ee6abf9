"""A Docker API client over streams of our own, against a small server that speaks HTTP for real."""

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

ANSWERS = {"/_ping": b"OK", "/containers/json": json.dumps([{"Id": "abc"}]).encode()}


class Engine:
    """Answers a handful of paths on every stream it is handed."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.streams = 0
        self._ends: list[socket.socket] = []

    def dial(self) -> socket.socket:
        """Hand out one end of a stream and serve the other."""
        ours, theirs = socket.socketpair()
        self.streams += 1
        self._ends += [ours, theirs]
        threading.Thread(target=self._serve, args=(ours,), daemon=True).start()
        return theirs

    def _serve(self, sock: socket.socket) -> None:
        engine = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                engine.asked.append(self.path)
                path = self.path.split("?")[0].removeprefix(f"/v{docker_transport.API_VERSION}")
                if path == "/containers/slow/json":
                    time.sleep(3)
                known = ANSWERS.get(path)
                content = known if known is not None else b'{"message": "no such thing"}'
                self.send_response(200 if known is not None else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        with contextlib.suppress(OSError):
            Handler(sock, ("", 0), None)  # type: ignore[arg-type]

    def close(self) -> None:
        """Close both ends of every stream."""
        for end in self._ends:
            end.close()


@pytest.fixture
def engine() -> Iterator[Engine]:
    """Yield an engine that nobody has dialled yet."""
    made = Engine()
    yield made
    made.close()


def test_lazy(engine: Engine) -> None:
    """Making a client dials nobody, and does not ask for a version."""
    docker_transport.connect_client(engine.dial).close()
    assert (0, []) == (engine.streams, engine.asked)


def test_calls(engine: Engine) -> None:
    """Calls reach the engine, at the API version that is ours, and come back as the SDK's objects."""
    client = docker_transport.connect_client(engine.dial)
    assert client.ping() is True
    assert [{"Id": "abc"}] == client.api.containers()
    assert [f"/v{docker_transport.API_VERSION}"] * 2 == [
        path[: len(docker_transport.API_VERSION) + 2] for path in engine.asked
    ]


def test_one_stream(engine: Engine) -> None:
    """Calls one after another share a stream."""
    client = docker_transport.connect_client(engine.dial)
    for _ in range(5):
        client.ping()
    assert 1 == engine.streams


def test_threads(engine: Engine) -> None:
    """Calls at the same time each get an answer, on streams of their own where need be."""
    client = docker_transport.connect_client(engine.dial)
    answers: list[object] = []
    threads = [threading.Thread(target=lambda: answers.append(client.ping())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [True] * 8 == answers


def test_error(engine: Engine) -> None:
    """What the engine refuses is the SDK's error, with the engine's words."""
    with pytest.raises(NotFound, match="no such thing"):
        docker_transport.connect_client(engine.dial).api.inspect_container("gone")


def test_proxy(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy in the environment is not asked about a node."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert docker_transport.connect_client(engine.dial).ping() is True


def test_silent_engine(engine: Engine) -> None:
    """An engine that never answers is given up after the timeout."""
    began = time.monotonic()
    with pytest.raises(requests.exceptions.RequestException):
        docker_transport.connect_client(engine.dial, timeout=1).api.inspect_container("slow")
    assert 1 <= time.monotonic() - began < 2.5


def _refused() -> socket.socket:
    raise ConnectionRefusedError("nobody there")


def _hangs_up() -> socket.socket:
    ours, theirs = socket.socketpair()
    ours.close()
    return theirs


@pytest.mark.parametrize("broken", [_refused, _hangs_up])
def test_no_engine(broken: Callable[[], socket.socket]) -> None:
    """A stream that cannot be opened, or ends at once, is an error of the connection."""
    with pytest.raises(requests.exceptions.ConnectionError):
        docker_transport.connect_client(broken).ping()


def test_no_answer_leads_elsewhere() -> None:
    """An engine that sends its client to this machine's own network is not obeyed."""
    with socket.create_server(("127.0.0.1", 0)) as inside:
        where = f"https://127.0.0.1:{inside.getsockname()[1]}/"

        def leading() -> socket.socket:
            ours, theirs = socket.socketpair()
            ours.sendall(f"HTTP/1.1 302 Found\r\nLocation: {where}\r\nContent-Length: 0\r\n\r\n".encode())
            return theirs

        with pytest.raises(requests.TooManyRedirects):
            docker_transport.connect_client(leading).info()
        inside.setblocking(False)
        with pytest.raises(BlockingIOError):
            inside.accept()


def test_an_answer_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine whose answer does not end is given up, with an error that tells how much it said."""
    monkeypatch.setattr(docker_transport, "_ANSWER_MEGABYTES", 1)

    def endless() -> socket.socket:
        ours, theirs = socket.socketpair()

        def speak() -> None:
            with contextlib.suppress(OSError), ours:
                ours.recv(1000)
                ours.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
                while True:
                    ours.sendall(b" " * 65536)

        threading.Thread(target=speak, daemon=True).start()
        return theirs

    client = docker_transport.connect_client(endless)
    with pytest.raises(requests.ConnectionError, match="more than 1 MB"):
        client.info()
    client.close()
