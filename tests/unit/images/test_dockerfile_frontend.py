"""The Dockerfile frontend that replaces docker/dockerfile, with this test as the engine that it talks to."""

from __future__ import annotations

import os
import struct
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from runner.images import recipe

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _SETTINGS, _PING, _WINDOW_UPDATE, _CONTINUATION = 0, 1, 4, 6, 8, 9
_END_STREAM = _ACK = 1
_END_HEADERS = 4
_INITIAL_WINDOW_SIZE = 4
_DEFAULT_WINDOW = 65535
# An HTTP/2 header block: the status 200 from the static table, and gRPC's status 0 with a name that is written out.
_SUCCESS = b"\x88\x00\x0bgrpc-status\x010"
# gRPC's status 2 with a Huffman code for the name and the value, as the engine sends it: 'grpc-status: 2'.
_FAILURE = b"\x88\x00\x88\x9a\xca\xc8\xb2\x12\x34\xda\x8f\x01\x32"


@dataclass
class Engine:
    """The engine's side of the connection."""

    process: subprocess.Popen[bytes]
    pings: list[bytes] = field(default_factory=list)

    def receive(self) -> tuple[int, int, bytes]:
        """Return the type, the flags and the payload of the next frame that is not about the connection."""
        assert self.process.stdout
        while True:
            head = self.process.stdout.read(9)
            assert len(head) == 9, "the frontend has ended"
            length, kind, flags, _ = struct.unpack(">IBBI", b"\0" + head)
            payload = self.process.stdout.read(length)
            if kind == _PING:
                self.pings.append(payload)
            elif kind in (_DATA, _HEADERS):
                return kind, flags, payload

    def receive_request(self) -> tuple[str, bytes]:
        """Return the method and the message of the next call, which fits into the windows."""
        _, _, headers = self.receive()
        method = headers.partition(b"LLBBridge/")[2].partition(b"\0")[0].decode()
        body, flags = b"", 0
        while not flags & _END_STREAM:
            _, flags, payload = self.receive()
            body += payload
        assert struct.unpack(">BI", body[:5]) == (0, len(body) - 5)
        return method, body[5:]

    def send(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        """Send a frame."""
        assert self.process.stdin
        self.process.stdin.write(struct.pack(">IBBI", len(payload), kind, flags, stream)[1:] + payload)
        self.process.stdin.flush()

    def respond(self, stream: int, message: bytes) -> None:
        """Respond to a call with a message."""
        self.send(_HEADERS, _END_HEADERS, stream, b"\x88")
        self.send(_DATA, 0, stream, struct.pack(">BI", 0, len(message)) + message)
        self.send(_HEADERS, _END_HEADERS | _END_STREAM, stream, _SUCCESS)


@pytest.fixture
def options() -> dict[str, str]:
    """Return the options of the build; a test may change them before it uses `engine`."""
    return {"filename": "Dockerfile", "source": "docker/dockerfile:1", "cmdline": "docker/dockerfile:1"}


@pytest.fixture
def engine(options: dict[str, str]) -> Iterator[Engine]:
    """Start the frontend, and receive the beginning of its connection."""
    variables = {
        f"BUILDKIT_FRONTEND_OPT_{number}": f"{key}={value}" for number, (key, value) in enumerate(options.items())
    }
    program = recipe.RECIPES_FOLDER / "dockerfile-frontend" / "dockerfile-frontend"
    process = subprocess.Popen(
        ["perl", program], env={"PATH": os.environ["PATH"], **variables}, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    # Reading from a frontend that waits for the engine would never end.
    timer = threading.Timer(20, process.kill)
    timer.start()
    assert process.stdout
    assert _PREFACE == process.stdout.read(len(_PREFACE))
    yield Engine(process)
    timer.cancel()
    process.kill()
    process.communicate()


def _encode(number: int, value: bytes) -> bytes:
    """Return a field of a protocol buffer; the value is shorter than 128 bytes."""
    return bytes([number << 3 | 2, len(value)]) + value


def _encode_pair(number: int, key: str, value: str) -> bytes:
    return _encode(number, _encode(1, key.encode()) + _encode(2, value.encode()))


def test_result(engine: Engine) -> None:
    """The built-in frontend gets the options and the inputs of the build, and its result is returned as it is."""
    engine.send(_SETTINGS, 0, 0, b"")
    assert ("Inputs", b"") == engine.receive_request()
    inputs = _encode_pair(1, "base", "definition")
    engine.respond(1, inputs)
    method, request = engine.receive_request()
    assert "Solve" == method
    assert request.startswith(_encode(2, b"dockerfile.v0"))
    assert _encode_pair(3, "filename", "Dockerfile") in request
    assert _encode_pair(3, "cmdline", "docker/dockerfile:1") in request
    assert request.endswith(_encode(13, inputs[2:]))
    engine.respond(3, _encode(3, b"the result"))
    assert ("Return", _encode(1, b"the result")) == engine.receive_request()
    engine.respond(5, b"")
    assert 0 == engine.process.wait(10)


def test_error(engine: Engine) -> None:
    """An error of the built-in frontend is returned with the details that the engine has encoded."""
    engine.receive_request()
    engine.respond(1, b"")
    engine.receive_request()
    details = b"\x00\x17grpc-status-details-bin\x08CAISAnNv"
    engine.send(_HEADERS, 0, 3, _FAILURE)
    engine.send(_CONTINUATION, _END_HEADERS, 3, details)
    engine.send(_DATA, _END_STREAM, 3, b"")
    assert ("Return", _encode(2, b"\x08\x02\x12\x02so")) == engine.receive_request()


def test_error_without_details(engine: Engine) -> None:
    """An error that has only a message is returned with its code and this message."""
    engine.receive_request()
    engine.send(_HEADERS, _END_HEADERS | _END_STREAM, 1, _FAILURE + b"\x00\x0cgrpc-message\x08100%25 x")
    assert ("Return", _encode(2, b"\x08\x02\x12\x06100% x")) == engine.receive_request()


@pytest.mark.parametrize("options", [{"build-arg:LONG": "x" * 100_000}])
def test_flow_control(engine: Engine) -> None:
    """A long request is sent as far as the engine's windows allow, and continues when they grow."""
    engine.receive_request()
    engine.respond(1, b"")
    engine.receive()
    sizes = [len(engine.receive()[2]) for _ in range(4)]
    # The first call used five bytes of the connection's window.
    assert _DEFAULT_WINDOW - 5 == sum(sizes)
    engine.send(_PING, 0, 0, b"12345678")
    engine.send(_WINDOW_UPDATE, 0, 0, struct.pack(">I", 100_000))
    engine.send(_SETTINGS, 0, 0, struct.pack(">HI", _INITIAL_WINDOW_SIZE, 200_000))
    flags = 0
    while not flags & _END_STREAM:
        _, flags, payload = engine.receive()
        sizes.append(len(payload))
    assert sum(sizes) > 100_000
    assert max(sizes) <= 16384
    assert [b"12345678"] == engine.pings


def test_closed_connection(engine: Engine) -> None:
    """When the engine cancels the build, the frontend ends too."""
    assert engine.process.stdin
    engine.process.stdin.close()
    engine.process.stdin = None
    assert 0 != engine.process.wait(10)
