"""Tests of the frames on a hijacked connection, and of the bridge to a plain socket."""

from __future__ import annotations

import io
import socket
import struct
import time
from collections.abc import Iterator

import pytest

from runner.drivers.docker.framing import STDERR, STDOUT, HijackedStream, bridge_to_socket, read_frames


def build_frame(stream: int, payload: bytes) -> bytes:
    """Return a frame as the engine sends it."""
    return struct.pack(">BxxxL", stream, len(payload)) + payload


TWO_FRAMES = build_frame(STDOUT, b"out") + build_frame(STDERR, b"error")


@pytest.mark.parametrize(
    ("data", "frames"),
    [
        (b"", []),
        (build_frame(STDOUT, b"out"), [(STDOUT, b"out")]),
        (TWO_FRAMES, [(STDOUT, b"out"), (STDERR, b"error")]),
        (build_frame(STDOUT, b"") + build_frame(STDOUT, b"more"), [(STDOUT, b""), (STDOUT, b"more")]),
        (build_frame(STDOUT, b"x" * 200_000), [(STDOUT, b"x" * 200_000)]),
        (TWO_FRAMES + b"\x01\x00", [(STDOUT, b"out"), (STDERR, b"error")]),
    ],
    ids=["nothing", "one", "two", "empty", "large", "cut off"],
)
def test_frames(data: bytes, frames: list[tuple[int, bytes]]) -> None:
    """Complete frames are returned in order until the stream ends."""
    assert frames == list(read_frames(io.BytesIO(data).read))


@pytest.mark.parametrize("chunk_size", [1, 2, 3, 7, 9])
def test_split_reads(chunk_size: int) -> None:
    """It does not matter how the network splits the stream."""
    source = io.BytesIO(TWO_FRAMES)
    assert [(STDOUT, b"out"), (STDERR, b"error")] == list(read_frames(lambda size: source.read(min(size, chunk_size))))


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Yield the engine's end of a connection, and the client's."""
    engine, ours = socket.socketpair()
    engine.settimeout(5)
    with engine, ours:
        yield engine, ours


def test_hijacked(pair: tuple[socket.socket, socket.socket]) -> None:
    """Data goes in both directions of a hijacked connection."""
    engine, ours = pair
    hijacked = HijackedStream(ours)
    hijacked.send_bytes(b"ls\n")
    assert b"ls\n" == engine.recv(10)
    engine.sendall(TWO_FRAMES)
    engine.shutdown(socket.SHUT_WR)
    assert [(STDOUT, b"out"), (STDERR, b"error")] == list(hijacked.read_frames())


def test_end_of_input(pair: tuple[socket.socket, socket.socket]) -> None:
    """After the input is closed, output still arrives."""
    engine, ours = pair
    hijacked = HijackedStream(ours)
    hijacked.end_input()
    assert b"" == engine.recv(10)
    engine.sendall(b"late")
    assert b"late" == hijacked.receive_bytes()


def test_timeout(pair: tuple[socket.socket, socket.socket]) -> None:
    """A read can have a timeout."""
    hijacked = HijackedStream(pair[1])
    hijacked.set_read_timeout(0.05)
    with pytest.raises(TimeoutError):
        hijacked.receive_bytes()


def test_close(pair: tuple[socket.socket, socket.socket]) -> None:
    """Closing ends the connection, and can be repeated."""
    engine, ours = pair
    hijacked = HijackedStream(ours)
    for _ in range(2):
        hijacked.close()
    assert b"" == engine.recv(10)


def test_buffered_output() -> None:
    """Data that the HTTP reader has read beyond the headers is returned first."""
    engine, ours = socket.socketpair()
    with engine, ours:
        engine.sendall(b"headers\nearly ")
        reader = ours.makefile("rb")
        assert b"headers\n" == reader.readline()
        engine.sendall(b"late")

        class Raw:
            _fp = type("Response", (), {"fp": reader})

        class FakeResponse:
            _sock = ours
            _response = type("Response", (), {"raw": Raw})

        hijacked = HijackedStream(FakeResponse)
        assert [b"ear", b"ly ", b"late"] == [
            hijacked.receive_bytes(3),
            hijacked.receive_bytes(100),
            hijacked.receive_bytes(100),
        ]


def test_bridge(pair: tuple[socket.socket, socket.socket]) -> None:
    """The bridged socket reads only standard output, and writes to standard input."""
    engine, ours = pair
    with bridge_to_socket(HijackedStream(ours)) as bridged:
        bridged.settimeout(5)
        bridged.sendall(b"question")
        assert b"question" == engine.recv(100)
        engine.sendall(build_frame(STDERR, b"a warning") + build_frame(STDOUT, b"answer"))
        assert b"answer" == bridged.recv(100)


def test_bridge_half_closed(pair: tuple[socket.socket, socket.socket]) -> None:
    """Closing one direction is passed on, and leaves the other one open."""
    engine, ours = pair
    with bridge_to_socket(HijackedStream(ours)) as bridged:
        bridged.settimeout(5)
        bridged.shutdown(socket.SHUT_WR)
        assert b"" == engine.recv(100)
        engine.sendall(build_frame(STDOUT, b"late"))
        assert b"late" == bridged.recv(100)
        engine.close()
        assert b"" == bridged.recv(100)


def test_bridge_closed(pair: tuple[socket.socket, socket.socket]) -> None:
    """Closing the bridged socket closes the input on the other side."""
    engine, ours = pair
    bridge_to_socket(HijackedStream(ours)).close()
    assert b"" == engine.recv(100)


def test_long_silence() -> None:
    """A stream can be silent for longer than the client's timeout for responses."""
    ours, theirs = socket.socketpair()
    ours.settimeout(0.1)
    with theirs, bridge_to_socket(HijackedStream(ours)) as bridged:
        time.sleep(0.3)
        theirs.sendall(build_frame(STDOUT, b"late"))
        assert b"late" == bridged.recv(10)
