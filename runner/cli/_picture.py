"""Pictures of what stands on the nodes, for a terminal."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from runner.lessons.model import Picture, PictureService
from runner.nodes.topology import Topology

if TYPE_CHECKING:
    from rich.console import RenderableType


def draw(picture: Picture, topology: Topology) -> RenderableType:
    """Return a table: a column a node, and in it what runs there."""
    from rich import box
    from rich.console import Group
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.ROUNDED, border_style="dim")
    # One alone manages nothing, nor does anybody before there is a swarm.
    roles = picture.swarm and len(topology.nodes) > 1
    for node in topology.nodes:
        table.add_column(Text.assemble((node.name, "bold magenta"), (f" {node.role}" if roles else "", "dim")))
    cells = ["\n".join(_on(node.name, picture.services)) for node in topology.nodes]
    table.add_row(*map(Text, cells))
    legend = [line for service in picture.services if (line := _about(service))]
    return Padding(Group(table, *(Text(line, style="dim") for line in legend)), (0, 0, 1, 2))


def _on(node: str, services: tuple[PictureService, ...]) -> list[str]:
    counted = ((service.name, Counter(service.tasks)[node]) for service in services)
    return [f"{name} x{times}" if times > 1 else name for name, times in counted if times]


def _about(service: PictureService) -> str:
    facts = {"on the network": service.networks, "publishes": service.ports, "keeps its data in": service.volumes}
    told = [f"{what} {', '.join(values)}" for what, values in facts.items() if values]
    return f"{service.name}: {'; '.join(told)}" if told else ""
