"""The topology of a cluster: the names, roles and memory of the nodes that a lab declares."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# An idle swarm node uses 250 MB; this leaves space for a handful of services.
DEFAULT_MEMORY_MB = 1200


class Role(StrEnum):
    """The role in the swarm that a node is intended for; the lesson's commands assign it, not the start."""

    MANAGER = "manager"
    WORKER = "worker"


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """One node that a lab declares.

    Attributes:
        name: The host name.
        role: The intended role.
        memory_mb: The memory in MB, if the node is a VM with its own memory.

    """

    name: str
    role: Role
    memory_mb: int = DEFAULT_MEMORY_MB


@dataclass(frozen=True, slots=True)
class Topology:
    """The nodes that a lab declares, in the order of their addresses."""

    nodes: tuple[NodeSpec, ...]

    @property
    def node_names(self) -> tuple[str, ...]:
        """The nodes' names."""
        return tuple(node.name for node in self.nodes)
