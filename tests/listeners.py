"""A server that nobody should come to."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def record_connections(address: str) -> Iterator[tuple[int, list[str]]]:
    """Listen on this machine; yields the port, and who came."""
    came: list[str] = []
    with socket.create_server((address, 0)) as server:

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    peer, where = server.accept()
                    peer.close()
                    came.append(str(where))

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1], came
        server.shutdown(socket.SHUT_RDWR)
