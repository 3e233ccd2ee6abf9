"""A node's engine on a Unix socket of this host."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner import paths
from runner.clusters import socket_proxy
from runner.errors import HostError
from runner.nodes.driver_interface import ClusterId
from tests.support import helpers, local_nodes

SERVE = """
import sys
from pathlib import Path
from runner.clusters import socket_proxy
from tests.support.local_nodes import LocalNode
socket_proxy.serve_engine(LocalNode(Path(sys.argv[1])), Path(sys.argv[2]))
"""


class Engine:
    """Listens in place of the node's engine; answers after the client has closed its side of the connection."""

    def __init__(self, path: Path) -> None:
        self.idle: list[socket.socket] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        # The first connection stays idle: it shows the proxy when the node goes down.
        self.idle.append(self._listener.accept()[0])
        while True:
            stream, _ = self._listener.accept()
            threading.Thread(target=self._answer, args=(stream,), daemon=True).start()

    def _answer(self, stream: socket.socket) -> None:
        # The client may be gone: one test ends it in the middle of an answer.
        with stream, contextlib.suppress(BrokenPipeError):
            received = b"".join(iter(lambda: stream.recv(1 << 16), b""))
            time.sleep(0.3)
            stream.sendall(received.upper())


@pytest.fixture
def forwarded(short_folder: Path) -> Iterator[tuple[Engine, Path, subprocess.Popen[bytes]]]:
    """Yield an engine, the socket that leads to it, and the proxy process."""
    engine = Engine(short_folder / "docker.sock")
    path = short_folder / "tiny" / "node1.sock"
    path.parent.mkdir()
    argv = [sys.executable, "-c", SERVE, str(short_folder), str(path)]
    with subprocess.Popen(argv, env=helpers.build_environment(short_folder)) as process:
        try:
            deadline = time.monotonic() + 10
            while not (engine.idle and path.exists()) and time.monotonic() < deadline:
                time.sleep(0.02)
            yield engine, path, process
        finally:
            process.kill()


def exchange(path: Path, data: bytes) -> bytes:
    """Send data, close the sending side, and read the complete response."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(10)
        sock.connect(str(path))
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: sock.recv(1 << 16), b""))


def test_half_closed(forwarded: tuple[Engine, Path, subprocess.Popen[bytes]]) -> None:
    """A large response that comes after the end of the input arrives completely."""
    assert b"HELLO" * 100_000 == exchange(forwarded[1], b"hello" * 100_000)


def test_parallel_connections(forwarded: tuple[Engine, Path, subprocess.Popen[bytes]]) -> None:
    """Connections do not wait for each other."""
    responses: list[bytes] = []
    threads = [threading.Thread(target=lambda: responses.append(exchange(forwarded[1], b"hi"))) for _ in range(6)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [b"HI"] * 6 == responses
    assert time.monotonic() - began < 6 * 0.3


def test_permissions(forwarded: tuple[Engine, Path, subprocess.Popen[bytes]]) -> None:
    """No other user may use the socket, because it gives root rights on the node."""
    assert 0o600 == forwarded[1].stat().st_mode & 0o777


def test_end_of_node(forwarded: tuple[Engine, Path, subprocess.Popen[bytes]]) -> None:
    """When the node goes down, the proxy ends and removes its socket and folder."""
    engine, path, process = forwarded
    engine.idle[0].close()
    assert 0 == process.wait(timeout=10)
    assert not path.parent.exists()


def test_stop_proxies(
    forwarded: tuple[Engine, Path, subprocess.Popen[bytes]], short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`stop_proxies` ends the process even while its connection to the node is open."""
    monkeypatch.setattr(paths, "sockets_folder", lambda: short_folder)
    _, path, process = forwarded
    socket_proxy.stop_proxies(ClusterId("tiny"))
    assert -signal.SIGTERM == process.wait(timeout=10)
    assert not path.parent.exists()


def test_no_proxy_to_stop(short_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`stop_proxies` accepts a cluster without proxies, and removes the socket of a killed proxy."""
    monkeypatch.setattr(paths, "sockets_folder", lambda: short_folder)
    socket_proxy.stop_proxies(ClusterId("tiny"))
    socket_file = short_folder / "tiny" / "node1.sock"
    socket_file.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(socket_file))
    socket_proxy.stop_proxies(ClusterId("tiny"))
    assert not socket_file.parent.exists()


def test_long_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a socket's path would be too long, the error names it and says what to type; nothing is created."""
    deep = tmp_path / ("deep" * 30)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(deep))
    node = local_nodes.make_local_cluster(tmp_path, "node1").nodes[0]
    with pytest.raises(HostError, match=r"is too long: the limit is 10\d bytes") as caught:
        socket_proxy.ensure_proxy_socket(ClusterId("tiny"), node)
    assert str(deep) in caught.value.message
    assert 'eval "$(XDG_RUNTIME_DIR=$(mktemp -d) labs env node1)"' in caught.value.advice
    assert not deep.exists()
