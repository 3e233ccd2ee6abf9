"""Who is at the other end of a Unix socket."""

from __future__ import annotations

import socket
import struct

# struct ucred of unix(7): process, user and group.
_CREDENTIALS = struct.Struct("3i")


def peer_pid(connection: socket.socket) -> int:
    """Return the number of the process that listens, as this one sees it.

    Raises:
        OSError: There is none any more.
        AttributeError: This system does not tell.

    """
    number, _, _ = _CREDENTIALS.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    return int(number)
