"""Unix sockets: the process at the other end, and addresses that are too long."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from runner import sockets

NEEDS_PROC = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="this system has no /proc/self/fd")


@pytest.mark.parametrize("depth", [1, pytest.param(30, marks=NEEDS_PROC)])
def test_short_address(depth: int, short_folder: Path) -> None:
    """A socket can be created and reached through its short address, however long its path is."""
    folder = short_folder / ("deep" * depth)
    folder.mkdir()
    path = folder / "test.sock"
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as client:
        with sockets.shorten_address(path) as address:
            listener.bind(address)
        listener.listen()
        with sockets.shorten_address(path) as address:
            client.connect(address)
        assert os.getpid() == sockets.get_peer_pid(client)
    assert path.is_socket()


@NEEDS_PROC
def test_missing_folder(tmp_path: Path) -> None:
    """A long path whose folder is missing has no short address."""
    with pytest.raises(FileNotFoundError), sockets.shorten_address(tmp_path / ("deep" * 30) / "test.sock"):
        pass


def test_limit() -> None:
    """The limit of a socket's address is the length that the operating system accepts."""
    longest = Path("/" + "x" * (sockets.MAX_ADDRESS_BYTES - 1))
    assert [False, True] == [
        sockets.is_address_too_long(path) for path in (longest, longest.with_name(f"{longest.name}x"))
    ]
    with socket.socket(socket.AF_UNIX) as client, pytest.raises(FileNotFoundError):
        client.connect(str(longest))
    with socket.socket(socket.AF_UNIX) as client, pytest.raises(OSError, match="too long"):
        client.connect(f"{longest}x")


@pytest.mark.parametrize(
    ("host", "is_loopback"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.0.0.53", True),
        ("::1", True),
        ("192.0.2.1", False),
        ("example.org", False),
        ("", False),
    ],
)
def test_loopback_host(host: str, is_loopback: bool) -> None:
    """Names and addresses of the loopback interface are recognized."""
    assert is_loopback == sockets.is_loopback_host(host)
