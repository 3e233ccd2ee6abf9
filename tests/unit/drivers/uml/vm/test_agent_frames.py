"""The agent's client: it reads the agent's frames, and refuses everything that the agent would not send."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

import pytest

from runner.drivers.uml.vm.agent_client import AgentProtocolError, AgentSession, RequestFrameType, ResponseFrameType


@pytest.fixture
def ends() -> Iterator[tuple[AgentSession, socket.socket]]:
    """Provide a session whose request has been read, and the agent's end of its connection."""
    client_end, agent_end = socket.socketpair()
    with client_end, agent_end:
        agent_end.settimeout(5)
        session = AgentSession(client_end, "run", ["true"])
        agent_end.recv(1000)
        yield session, agent_end


def test_complete_frames_are_returned(ends: tuple[AgentSession, socket.socket]) -> None:
    """Complete frames are returned at once, and a partial frame as soon as it is complete."""
    session, agent_end = ends
    agent_end.sendall(struct.pack(">BI2sBI", ResponseFrameType.OUTPUT, 2, b"ab", ResponseFrameType.ERROR, 3))
    assert [(1, b"ab")] == session.receive_frames()
    agent_end.sendall(b"cde")
    assert [(2, b"cde")] == session.receive_frames()
    agent_end.close()
    assert session.receive_frames() is None


@pytest.mark.parametrize(
    "data",
    [
        struct.pack(">BI", ResponseFrameType.OUTPUT, 0xFFFFFFFF),
        struct.pack(">BI", ResponseFrameType.OUTPUT, (1 << 16) + 1),
        struct.pack(">BI1s", 0, 1, b"x"),
        struct.pack(">BI1s", 99, 1, b"x"),
        b"HTTP/1.1 200 OK\r\n",
    ],
)
def test_invalid_frames_are_refused(ends: tuple[AgentSession, socket.socket], data: bytes) -> None:
    """A frame that is too large, has an unknown type, or is not a frame at all raises an error."""
    session, agent_end = ends
    agent_end.sendall(data)
    with pytest.raises(AgentProtocolError):
        session.receive_frames()


def test_first_frame_is_read_alone(ends: tuple[AgentSession, socket.socket]) -> None:
    """Reading the first frame leaves all data that follows it, and a false length raises an error."""
    session, agent_end = ends
    agent_end.sendall(struct.pack(">BI1s", ResponseFrameType.STATUS, 1, b"0") + b"rest")
    assert (3, b"0") == session.receive_first_frame()
    assert b"rest" == session.detach_connection().recv(10)
    agent_end.sendall(struct.pack(">BI", ResponseFrameType.STATUS, 0xFFFFFFFF))
    with pytest.raises(AgentProtocolError):
        session.receive_first_frame()


def test_frames_are_sent_in_the_agents_format(ends: tuple[AgentSession, socket.socket]) -> None:
    """A frame consists of its type, its length and its payload."""
    session, agent_end = ends
    session.send_frame(RequestFrameType.SIZE, b"24 80")
    assert b"\x02\x00\x00\x00\x0524 80" == agent_end.recv(100)
