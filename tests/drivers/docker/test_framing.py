"""Frames on a hijacked connection, and a plain socket made of one."""

from __future__ import annotations

import io
import socket
import struct
import time
from collections.abc import Iterator

import pytest

from runner.drivers.docker.framing import STDERR, STDOUT, HijackedStream, bridge_to_socket, read_frames


def frame(stream: int, payload: bytes) -> bytes:
    """Return a frame as the engine sends it."""
    return struct.pack(">BxxxL", stream, len(payload)) + payload


TWO = frame(STDOUT, b"out") + frame(STDERR, b"error")


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        (b"", []),
        (frame(STDOUT, b"out"), [(STDOUT, b"out")]),
        (TWO, [(STDOUT, b"out"), (STDERR, b"error")]),
        (frame(STDOUT, b"") + frame(STDOUT, b"more"), [(STDOUT, b""), (STDOUT, b"more")]),
        (frame(STDOUT, b"x" * 200_000), [(STDOUT, b"x" * 200_000)]),
        (TWO + b"\x01\x00", [(STDOUT, b"out"), (STDERR, b"error")]),
    ],
    ids=["nothing", "one", "two", "empty", "large", "cut off"],
)
def test_frames(sent: bytes, found: list[tuple[int, bytes]]) -> None:
    """Frames come out in their order, whole, until the stream ends."""
    assert found == list(read_frames(io.BytesIO(sent).read))


@pytest.mark.parametrize("most", [1, 2, 3, 7, 9])
def test_split_reads(most: int) -> None:
    """It does not matter where the network cuts the stream."""
    source = io.BytesIO(TWO)
    assert [(STDOUT, b"out"), (STDERR, b"error")] == list(read_frames(lambda size: source.read(min(size, most))))


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Yield the engine's end of a connection and ours."""
    engine, ours = socket.socketpair()
    engine.settimeout(5)
    with engine, ours:
        yield engine, ours


def test_hijacked(pair: tuple[socket.socket, socket.socket]) -> None:
    """A plain socket serves as a hijacked connection, both ways."""
    engine, ours = pair
    hijacked = HijackedStream(ours)
    hijacked.send(b"ls\n")
    assert b"ls\n" == engine.recv(10)
    engine.sendall(TWO)
    engine.shutdown(socket.SHUT_WR)
    assert [(STDOUT, b"out"), (STDERR, b"error")] == list(hijacked.read_frames())


def test_end_of_input(pair: tuple[socket.socket, socket.socket]) -> None:
    """After the end of the input the output still comes."""
    engine, ours = pair
    hijacked = HijackedStream(ours)
    hijacked.end_input()
    assert b"" == engine.recv(10)
    engine.sendall(b"late")
    assert b"late" == hijacked.receive()


def test_timeout(pair: tuple[socket.socket, socket.socket]) -> None:
    """A read may be bounded in time."""
    hijacked = HijackedStream(pair[1])
    hijacked.set_timeout(0.05)
    with pytest.raises(TimeoutError):
        hijacked.receive()


def test_close(pair: tuple[socket.socket, socket.socket]) -> None:
    """Closing ends the connection, and may be repeated."""
    engine, ours = pair
    hijacked = HijackedStream(ours)
    for _ in range(2):
        hijacked.close()
    assert b"" == engine.recv(10)


def test_early_bytes() -> None:
    """What the HTTP reader had read beyond the headers is the first that comes."""
    engine, ours = socket.socketpair()
    with engine, ours:
        engine.sendall(b"headers\nearly ")
        reader = ours.makefile("rb")
        assert b"headers\n" == reader.readline()
        engine.sendall(b"late")

        class Raw:
            _fp = type("Response", (), {"fp": reader})

        class Answered:
            _sock = ours
            _response = type("Response", (), {"raw": Raw})

        hijacked = HijackedStream(Answered)
        assert [b"ear", b"ly ", b"late"] == [hijacked.receive(3), hijacked.receive(100), hijacked.receive(100)]


def test_as_socket(pair: tuple[socket.socket, socket.socket]) -> None:
    """The socket reads standard output alone, and what is written to it is the input."""
    engine, ours = pair
    with bridge_to_socket(HijackedStream(ours)) as made:
        made.settimeout(5)
        made.sendall(b"question")
        assert b"question" == engine.recv(100)
        engine.sendall(frame(STDERR, b"a warning") + frame(STDOUT, b"answer"))
        assert b"answer" == made.recv(100)


def test_as_socket_half_closed(pair: tuple[socket.socket, socket.socket]) -> None:
    """The end of either direction is passed on, and leaves the other open."""
    engine, ours = pair
    with bridge_to_socket(HijackedStream(ours)) as made:
        made.settimeout(5)
        made.shutdown(socket.SHUT_WR)
        assert b"" == engine.recv(100)
        engine.sendall(frame(STDOUT, b"late"))
        assert b"late" == made.recv(100)
        engine.close()
        assert b"" == made.recv(100)


def test_as_socket_closed(pair: tuple[socket.socket, socket.socket]) -> None:
    """Closing the socket tells the other side that no more input comes."""
    engine, ours = pair
    bridge_to_socket(HijackedStream(ours)).close()
    assert b"" == engine.recv(100)


def test_a_long_silence() -> None:
    """A stream may be silent for longer than the client waits for an answer."""
    ours, theirs = socket.socketpair()
    ours.settimeout(0.1)
    with theirs, bridge_to_socket(HijackedStream(ours)) as made:
        time.sleep(0.3)
        theirs.sendall(frame(STDOUT, b"late"))
        assert b"late" == made.recv(10)
