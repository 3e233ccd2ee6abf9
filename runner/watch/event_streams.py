"""The nodes' own engines: a client of each, and a thread that follows what happens on it."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from runner.nodes import docker_transport
from runner.nodes.driver_interface import Node, NodeState

# What changes a state. The rest would only keep us busy, and some of it is what checks do themselves, such as exec.
_ACTIONS = [
    *("create", "start", "die", "destroy", "rename", "pause", "unpause", "health_status", "update", "remove"),
    *("tag", "untag", "delete", "pull", "load", "import", "connect", "disconnect"),
]
# A node that takes longer to say what runs on it is one that cannot be asked.
_ANSWER_SECONDS = 5


class Engines:
    """The engines of the nodes that are up.

    Args:
        stirred: Called, from another thread, when something has happened on a node.
        lost: Called, from another thread, when a node can no longer be followed.

    """

    def __init__(self, stirred: Callable[[], None], lost: Callable[[], None]) -> None:
        self._stirred = stirred
        self._lost = lost
        self._followed: dict[Node, _Followed] = {}

    def follow(self, nodes: Iterable[Node]) -> Mapping[str, Any]:
        """Follow these nodes and no others, and return a client of each that is up, by name."""
        wanted = [node for node in nodes if node.state is NodeState.RUNNING]
        for node, followed in list(self._followed.items()):
            if node not in wanted or followed.ended:
                followed.close()
                del self._followed[node]
        for node in wanted:
            if node not in self._followed:
                self._followed[node] = _Followed(node, self._stirred, self._lost)
        return {node.name: self._followed[node].client for node in wanted}

    def close(self) -> None:
        """Follow nothing any more."""
        self.follow(())


class _Followed:
    def __init__(self, node: Node, stirred: Callable[[], None], lost: Callable[[], None]) -> None:
        self._node = node
        self._stirred = stirred
        self._lost = lost
        self._streams: list[socket.socket] = []
        self._closed = threading.Event()
        self.client = docker_transport.connect_client(self._dial, timeout=_ANSWER_SECONDS)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def ended(self) -> bool:
        return not self._thread.is_alive()

    def close(self) -> None:
        """End what hangs on this node, whatever it waits for."""
        self._closed.set()
        for stream in self._streams:
            with contextlib.suppress(OSError):
                stream.shutdown(socket.SHUT_RDWR)

    def _dial(self) -> socket.socket:
        stream = self._node.connect_engine()
        self._streams = [one for one in self._streams if one.fileno() >= 0] + [stream]
        return stream

    def _run(self) -> None:
        # Whatever ends it - the node went away, its engine restarts - is told in the same way: it is lost for now.
        with contextlib.suppress(Exception):
            for _ in self.client.api.events(filters={"event": _ACTIONS}):
                if self._closed.is_set():
                    return
                self._stirred()
        if not self._closed.is_set():
            self._lost()
