"""A testinfra backend over a node's run-a-command."""

from __future__ import annotations

from typing import Any

from testinfra.backend.base import BaseBackend, CommandResult
from testinfra.host import Host

from runner.nodes.driver_interface import Node


class NodeBackend(BaseBackend):
    """Runs testinfra's commands on a node."""

    NAME = "labs"

    def __init__(self, node: Node, *args: Any, **options: Any) -> None:
        self.node = node
        super().__init__(node.name, *args, **options)

    def run(self, command: str, *args: str, **_options: Any) -> CommandResult:
        """Run one shell command."""
        line = self.get_command(command, *args)
        done = self.node.run(["sh", "-c", line])
        return self.result(done.exit_status, self.encode(line), done.stdout, done.stderr)


def host(node: Node) -> Host:
    """Return testinfra's view of a node."""
    return Host(NodeBackend(node))
