"""A TCP server that records connections, for tests that expect none."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def record_connections(address: str) -> Iterator[tuple[int, list[str]]]:
    """Listen on a free port of this host, close every connection at once, and record where it came from.

    Args:
        address: The IP address to listen on.

    Yields:
        The port, and the list to which the peer addresses are appended.

    """
    peers: list[str] = []
    with socket.create_server((address, 0)) as server:

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, peer = server.accept()
                    connection.close()
                    peers.append(str(peer))

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1], peers
        server.shutdown(socket.SHUT_RDWR)
