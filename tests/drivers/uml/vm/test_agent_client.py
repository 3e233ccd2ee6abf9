"""What the client believes of an agent, against one that says what it likes."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

import pytest

from runner.drivers.uml.vm.agent_client import From, NoAgentError, Session, To


@pytest.fixture
def ends() -> Iterator[tuple[Session, socket.socket]]:
    """Have a session whose request has been read, and the other end of its connection."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.settimeout(5)
        session = Session(ours, "run", ["true"])
        theirs.recv(1000)
        yield session, theirs


def test_whole_frames_are_returned(ends: tuple[Session, socket.socket]) -> None:
    """What has come is returned frame by frame, and the rest once it is whole."""
    session, theirs = ends
    theirs.sendall(struct.pack(">BI2sBI", From.OUTPUT, 2, b"ab", From.ERROR, 3))
    assert [(1, b"ab")] == session.receive()
    theirs.sendall(b"cde")
    assert [(2, b"cde")] == session.receive()
    theirs.close()
    assert session.receive() is None


@pytest.mark.parametrize(
    "said",
    [
        struct.pack(">BI", From.OUTPUT, 0xFFFFFFFF),
        struct.pack(">BI", From.OUTPUT, (1 << 16) + 1),
        struct.pack(">BI1s", 0, 1, b"x"),
        struct.pack(">BI1s", 99, 1, b"x"),
        b"HTTP/1.1 200 OK\r\n",
    ],
)
def test_what_an_agent_would_not_say_is_refused(ends: tuple[Session, socket.socket], said: bytes) -> None:
    """A frame that is larger than an agent's, of an unknown kind, or none at all, ends the session at once."""
    session, theirs = ends
    theirs.sendall(said)
    with pytest.raises(NoAgentError):
        session.receive()


def test_the_first_frame_is_read_alone(ends: tuple[Session, socket.socket]) -> None:
    """Of what follows the first frame not a byte is taken, and a lie about its length is refused."""
    session, theirs = ends
    theirs.sendall(struct.pack(">BI1s", From.STATUS, 1, b"0") + b"rest")
    assert (3, b"0") == session.first()
    assert b"rest" == session.detach().recv(10)
    theirs.sendall(struct.pack(">BI", From.STATUS, 0xFFFFFFFF))
    with pytest.raises(NoAgentError):
        session.first()


def test_frames_are_sent_as_the_agent_reads_them(ends: tuple[Session, socket.socket]) -> None:
    """A frame is its kind, its length and its content."""
    session, theirs = ends
    session.send(To.SIZE, b"24 80")
    assert b"\x02\x00\x00\x00\x0524 80" == theirs.recv(100)
