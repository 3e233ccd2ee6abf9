"""A node's engine on a Unix socket of this machine."""

from __future__ import annotations

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
from tests import helpers

SERVE = """
import sys
from pathlib import Path
from runner.clusters import socket_proxy
from tests.helpers import LocalNode
socket_proxy.serve(LocalNode(Path(sys.argv[1])), Path(sys.argv[2]))
"""


class Engine:
    """Listens where the node's engine would; answers only once it has been told that no more is to come."""

    def __init__(self, path: Path) -> None:
        self.idle: list[socket.socket] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        # The first stream is the one by which the forwarder sees when the node goes down.
        self.idle.append(self._listener.accept()[0])
        while True:
            stream, _ = self._listener.accept()
            threading.Thread(target=self._answer, args=(stream,), daemon=True).start()

    def _answer(self, stream: socket.socket) -> None:
        with stream:
            got = b"".join(iter(lambda: stream.recv(1 << 16), b""))
            time.sleep(0.3)
            stream.sendall(got.upper())


@pytest.fixture
def forwarded(tmp_path: Path) -> Iterator[tuple[Engine, Path, subprocess.Popen[bytes]]]:
    """Yield an engine, the socket that leads to it, and the process between them."""
    engine = Engine(tmp_path / "docker.sock")
    path = tmp_path / "tiny" / "node1.sock"
    path.parent.mkdir()
    argv = [sys.executable, "-c", SERVE, str(tmp_path), str(path)]
    with subprocess.Popen(argv, env=helpers.environment(tmp_path)) as process:
        try:
            deadline = time.monotonic() + 10
            while not (engine.idle and path.exists()) and time.monotonic() < deadline:
                time.sleep(0.02)
            yield engine, path, process
        finally:
            process.kill()


def talk(path: Path, data: bytes) -> bytes:
    """Send all, say that this is all, and read all."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(10)
        sock.connect(str(path))
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: sock.recv(1 << 16), b""))


def test_half_closed(forwarded: tuple[Engine, Path, subprocess.Popen[bytes]]) -> None:
    """An answer that comes after the end of the input arrives whole, however large."""
    assert b"HELLO" * 100_000 == talk(forwarded[1], b"hello" * 100_000)


def test_many(forwarded: tuple[Engine, Path, subprocess.Popen[bytes]]) -> None:
    """Streams do not wait for each other."""
    answers: list[bytes] = []
    threads = [threading.Thread(target=lambda: answers.append(talk(forwarded[1], b"hi"))) for _ in range(6)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [b"HI"] * 6 == answers
    assert time.monotonic() - began < 6 * 0.3


def test_private(forwarded: tuple[Engine, Path, subprocess.Popen[bytes]]) -> None:
    """Nobody else may use the socket, for it is root on the node."""
    assert 0o600 == forwarded[1].stat().st_mode & 0o777


def test_ends_with_the_node(forwarded: tuple[Engine, Path, subprocess.Popen[bytes]]) -> None:
    """When the node goes down the process ends, and socket and folder are gone."""
    engine, path, process = forwarded
    engine.idle[0].close()
    assert 0 == process.wait(timeout=10)
    assert not path.parent.exists()


def test_closed(
    forwarded: tuple[Engine, Path, subprocess.Popen[bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever takes a node away ends the process too, though the stream to that node goes on."""
    monkeypatch.setattr(paths, "sockets_folder", lambda: tmp_path)
    _, path, process = forwarded
    socket_proxy.close(ClusterId("tiny"))
    assert -signal.SIGTERM == process.wait(timeout=10)
    assert not path.parent.exists()


def test_nothing_to_close(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cluster that nobody serves is closed in peace, and so is one whose server was killed."""
    monkeypatch.setattr(paths, "sockets_folder", lambda: tmp_path)
    socket_proxy.close(ClusterId("tiny"))
    left = tmp_path / "tiny" / "node1.sock"
    left.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(left))
    socket_proxy.close(ClusterId("tiny"))
    assert not left.parent.exists()


def test_address_that_is_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a socket's address would be too long, the folder is named, and what to type; nothing is left there."""
    deep = tmp_path / ("deep" * 30)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(deep))
    node = helpers.cluster(tmp_path, "node1").nodes[0]
    with pytest.raises(HostError, match=r"no more than 10\d bytes") as caught:
        socket_proxy.ensure(ClusterId("tiny"), node)
    assert str(deep) in caught.value.message
    assert 'eval "$(XDG_RUNTIME_DIR=$(mktemp -d) labs env node1)"' in caught.value.advice
    assert not deep.exists()
