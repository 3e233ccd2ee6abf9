"""Sockets: the process id of the peer, addresses for paths that are too long, and hosts that are this one."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# The address field has 108 bytes on Linux (unix(7)) and 104 on BSD, including the zero that ends it.
MAX_ADDRESS_BYTES = 107 if sys.platform == "linux" else 103
# struct ucred of unix(7): process, user and group.
_CREDENTIALS = struct.Struct("3i")
# SOL_LOCAL and LOCAL_PEERPID of macOS, from sys/un.h.
_MACOS_LEVEL, _MACOS_PEER_PID = 0, 2


def get_peer_pid(connection: socket.socket) -> int:
    """Return the process id of the listening process, in this process's PID namespace.

    Raises:
        OSError: The process has ended, or this operating system does not provide it.

    """
    if sys.platform != "linux":
        size = struct.calcsize("i")
        return int(struct.unpack("i", connection.getsockopt(_MACOS_LEVEL, _MACOS_PEER_PID, size))[0])
    process, _, _ = _CREDENTIALS.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    return int(process)


def is_address_too_long(path: Path) -> bool:
    """Return whether a path cannot be the address of a Unix socket."""
    return len(os.fsencode(path)) > MAX_ADDRESS_BYTES


@contextmanager
def shorten_address(path: Path) -> Iterator[str]:
    """Provide an address for a socket in this process: its path, or one through /proc if the path is too long.

    Args:
        path: The socket; its folder must exist.

    Raises:
        OSError: The path is too long, and the folder cannot be opened or this operating system has no /proc.

    """
    if not is_address_too_long(path):
        yield str(path)
        return
    if sys.platform != "linux":
        raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), str(path))
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def is_loopback_host(host: str) -> bool:
    """Return whether a host name or address is that of the loopback interface, which no other host can reach."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
