"""The nodes that a check reads from."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from runner.errors import HostError
from runner.nodes.driver_interface import Cluster, ExecResult, Node, NodeState

if TYPE_CHECKING:
    from testinfra.host import Host


class CheckNode:
    """A node as a check sees it: checks read its state and never change it.

    Args:
        node: The node, from any driver.

    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._client: Any = None
        self._lock = threading.Lock()
        self.name = node.name
        self.role = node.role
        self.address = node.address

    @property
    def api(self) -> Any:
        """A client of the node engine (a `docker.DockerClient`), opened on first use.

        Raises:
            HostError: The node is down or cannot be reached.

        """
        with self._lock:
            self._require_running()
            if self._client is None:
                self._client = self._node.create_engine_client()
            return self._client

    @property
    def testinfra_host(self) -> Host:
        """The testinfra host for files, processes and ports inside the node."""
        from checks.testinfra_backend import connect_testinfra

        self._require_running()
        return connect_testinfra(self._node)

    def run_command(self, *argv: str) -> ExecResult:
        """Run a command on the node and return its output; the command must not change anything."""
        self._require_running()
        return self._node.run_command(argv)

    def _require_running(self) -> None:
        if self._node.state is not NodeState.RUNNING:
            raise HostError(f"{self.name} is down.", "Run 'labs start' to bring it up again.")

    def find_image(self, name: str) -> Mapping[str, Any] | None:
        """Return the output of `docker image inspect` for an image, or None if the node engine does not have it."""
        # Imported here because most checks do not use it, and importing docker-py slows down `labs check`.
        from docker.errors import ImageNotFound

        try:
            image: Mapping[str, Any] = self.api.api.inspect_image(name)
        except ImageNotFound:
            return None
        return image

    def close(self) -> None:
        """Close the client of the node engine."""
        if self._client is not None:
            self._client.close()


class Nodes(Mapping[str, CheckNode]):
    """The nodes of a cluster by name, in the order of the topology."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._nodes = {node.name: CheckNode(node) for node in cluster.nodes}

    def __getitem__(self, name: str) -> CheckNode:
        return self._nodes[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)

    def close(self) -> None:
        """Close the clients of all node engines."""
        for node in self._nodes.values():
            node.close()
