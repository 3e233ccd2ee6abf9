"""Follow the Docker events of every running node, with one API client and one thread per node engine."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from runner.nodes import docker_transport
from runner.nodes.driver_interface import Node, NodeState

# Actions that change the state of the cluster. Others would only cause useless polls, and some of them, such as `exec`,
# are caused by the checks themselves.
_ACTIONS = [
    *("create", "start", "die", "destroy", "rename", "pause", "unpause", "health_status", "update", "remove"),
    *("tag", "untag", "delete", "pull", "load", "import", "connect", "disconnect"),
]
# A node whose engine does not respond within this time counts as unreachable.
_API_TIMEOUT_SECONDS = 5


class EngineEventStreams:
    """The event streams of all running nodes.

    Args:
        on_event: Called from another thread after an event on any node.
        on_lost: Called from another thread when a node's event stream ends.

    """

    def __init__(self, on_event: Callable[[], None], on_lost: Callable[[], None]) -> None:
        self._on_event = on_event
        self._on_lost = on_lost
        self._streams: dict[Node, _NodeEventStream] = {}

    def set_followed_nodes(self, nodes: Iterable[Node]) -> Mapping[str, Any]:
        """Follow exactly these nodes, and return an API client for each that is running, by node name."""
        running_nodes = [node for node in nodes if node.state is NodeState.RUNNING]
        for node, stream in list(self._streams.items()):
            if node not in running_nodes or stream.has_ended:
                stream.close()
                del self._streams[node]
        for node in running_nodes:
            if node not in self._streams:
                self._streams[node] = _NodeEventStream(node, self._on_event, self._on_lost)
        return {node.name: self._streams[node].client for node in running_nodes}

    def close_streams(self) -> None:
        """Stop following all nodes."""
        self.set_followed_nodes(())


class _NodeEventStream:
    """The event stream of one node, and an API client that shares its connections."""

    def __init__(self, node: Node, on_event: Callable[[], None], on_lost: Callable[[], None]) -> None:
        self._node = node
        self._on_event = on_event
        self._on_lost = on_lost
        self._connections: list[socket.socket] = []
        self._is_closed = threading.Event()
        self.client = docker_transport.create_client_over_streams(self._connect, timeout=_API_TIMEOUT_SECONDS)
        self._thread = threading.Thread(target=self._follow_events, daemon=True)
        self._thread.start()

    @property
    def has_ended(self) -> bool:
        return not self._thread.is_alive()

    def close(self) -> None:
        """Shut down all connections to the node, which also ends calls that wait for a response."""
        self._is_closed.set()
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _connect(self) -> socket.socket:
        connection = self._node.connect_engine_socket()
        open_connections = [existing for existing in self._connections if existing.fileno() >= 0]
        self._connections = [*open_connections, connection]
        return connection

    def _follow_events(self) -> None:
        # A stream ends with different errors if the node stops or its engine restarts; all of them mean a lost node.
        with contextlib.suppress(Exception):
            for _ in self.client.api.events(filters={"event": _ACTIONS}):
                if self._is_closed.is_set():
                    return
                self._on_event()
        if not self._is_closed.is_set():
            self._on_lost()
