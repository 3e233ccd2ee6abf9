"""A testinfra backend that runs commands on a node through the driver interface."""

from __future__ import annotations

from typing import Any

from testinfra.backend.base import BaseBackend, CommandResult
from testinfra.host import Host

from runner.nodes.driver_interface import Node


class NodeBackend(BaseBackend):
    """Run testinfra's commands on a node."""

    NAME = "labs"

    def __init__(self, node: Node, *args: Any, **options: Any) -> None:
        self.node = node
        super().__init__(node.name, *args, **options)

    def run(self, command: str, *args: str, **_options: Any) -> CommandResult:
        """Run one shell command."""
        line = self.get_command(command, *args)
        result = self.node.run_command(["sh", "-c", line])
        return self.result(result.exit_status, self.encode(line), result.stdout, result.stderr)


def connect_testinfra(node: Node) -> Host:
    """Return a testinfra host that is connected to a node."""
    return Host(NodeBackend(node))
