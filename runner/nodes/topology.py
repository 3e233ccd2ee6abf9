"""The nodes that a lab declares: their names, roles and memory."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# An idle node of a swarm uses 250 MB; this leaves room for a handful of services.
DEFAULT_MEMORY_MB = 1200


class Role(StrEnum):
    """What a node is meant to become in the swarm; the lesson, not the start, makes it so."""

    MANAGER = "manager"
    WORKER = "worker"


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """One node a lab asks for.

    Attributes:
        name: Its host name.
        role: What the lesson means it to become.
        memory: How many MB it needs, where it is a machine with memory of its own.

    """

    name: str
    role: Role
    memory_mb: int = DEFAULT_MEMORY_MB


@dataclass(frozen=True, slots=True)
class Topology:
    """The nodes a lab asks for, in the order they are numbered."""

    nodes: tuple[NodeSpec, ...]

    @property
    def node_names(self) -> tuple[str, ...]:
        """The nodes' names."""
        return tuple(node.name for node in self.nodes)
