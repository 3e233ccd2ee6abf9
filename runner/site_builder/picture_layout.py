"""Pictures of what stands on the nodes: where each thing is drawn, and the same in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from runner.lessons.model import Picture, PictureService
from runner.nodes.topology import NodeSpec, Topology

_GAP = 16
_PAD = 14
_HEAD = 46
_LANE = 14
_NAME_LINE = 30
_FACT_LINE = 16
_BAR = 26
# About how wide a letter is, in the three sizes that are used; in every font there is room to spare.
_LETTER, _BAR_LETTER, _SMALL_LETTER = 8.4, 7.6, 6.6
_SQUARE = 11


@dataclass(frozen=True, slots=True)
class Chip:
    """A service on a node: one box, with a square for each of its tasks there."""

    name: str
    tasks: int
    facts: tuple[tuple[str, str], ...]
    x: int
    y: int
    width: int
    height: int
    lanes: tuple[tuple[int, int], ...]

    @property
    def squares(self) -> range:
        """Where the squares begin, from left to right."""
        return range(self.x + self.width - 9 - self.tasks * _SQUARE, self.x + self.width - 9, _SQUARE)


@dataclass(frozen=True, slots=True)
class NodeBox:
    """A node, and what is on it."""

    name: str
    role: str
    x: int
    chips: tuple[Chip, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """A network below the nodes, and the places from which a line leads down to it."""

    name: str
    number: int
    x: int
    y: int
    width: int
    text_x: int
    lines: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture with every place worked out."""

    width: int
    height: int
    node_width: int
    node_height: int
    roles: bool
    nodes: tuple[NodeBox, ...]
    bars: tuple[Bar, ...]
    idle: tuple[str, ...]


def layout(picture: Picture, topology: Topology) -> Drawing:
    """Work out where everything is drawn: nodes side by side, networks as bars below them."""
    lanes = {network: at for at, network in enumerate(picture.networks)}
    gutter = _PAD + len(lanes) * _LANE
    # A network's name stands below the chips, right of all lanes: nothing that leads down crosses it.
    names = [int(len(f"network {network}") * _BAR_LETTER) for network in lanes]
    chip_width = max([120, *names, *(_chip_width(service) for service in picture.services)])
    node_width = gutter + chip_width + _PAD
    nodes = tuple(
        _node(node, 1 + at * (node_width + _GAP), chip_width, picture, lanes) for at, node in enumerate(topology.nodes)
    )
    ends = [chip.y + chip.height for node in nodes for chip in node.chips]
    node_height = max([_HEAD + _NAME_LINE, *ends]) + _PAD
    bars = tuple(_bar(network, at, nodes, node_width, node_height, gutter) for network, at in lanes.items())
    idle = tuple(service.name for service in picture.services if not service.tasks)
    width = len(nodes) * (node_width + _GAP) - _GAP + 2
    height = node_height + 2 + len(bars) * (_BAR + 8) + (8 if bars else 0) + (28 if idle else 0)
    # One alone manages nothing, nor does anybody before there is a swarm.
    roles = picture.swarm and len(nodes) > 1
    return Drawing(width, height, node_width, node_height, roles, nodes, bars, idle)


def _facts(service: PictureService) -> tuple[tuple[str, str], ...]:
    ports = (("port", port.replace(":", " → ")) for port in service.ports)
    return (*ports, *(("volume", volume) for volume in service.volumes))


def _chip_width(service: PictureService) -> int:
    most = max(Counter(service.tasks).values(), default=0)
    name = len(service.name) * _LETTER + most * _SQUARE + 34
    return int(max([name, *((len(kind) + 1 + len(fact)) * _SMALL_LETTER + 24 for kind, fact in _facts(service))]))


def _node(node: NodeSpec, x: int, width: int, picture: Picture, lanes: dict[str, int]) -> NodeBox:
    chips: list[Chip] = []
    y = _HEAD
    left = x + _PAD + len(lanes) * _LANE
    for service in picture.services:
        tasks = Counter(service.tasks)[node.name]
        if tasks:
            facts = _facts(service)
            height = _NAME_LINE + len(facts) * _FACT_LINE
            joined = tuple((lanes[network], _lane_x(x, lanes[network])) for network in service.networks)
            chips.append(Chip(service.name, tasks, facts, left, y, width, height, joined))
            y += height + 8
    return NodeBox(node.name, node.role.value, x, tuple(chips))


def _lane_x(node_x: int, lane: int) -> int:
    return node_x + _PAD - 2 + lane * _LANE


def _bar(network: str, number: int, nodes: Sequence[NodeBox], node_width: int, node_height: int, gutter: int) -> Bar:
    y = node_height + 12 + number * (_BAR + 8)
    joined = [node for node in nodes if any(number == lane for chip in node.chips for lane, _ in chip.lanes)]
    lines = tuple((_lane_x(node.x, number), _first(node, number)) for node in joined)
    # The mesh reaches every node, whether or not it runs anything.
    reached = nodes if network == "ingress" else joined or nodes[:1]
    first, last = reached[0].x, reached[-1].x + node_width
    return Bar(network, number, first, y, last - first, first + gutter, lines)


def _first(node: NodeBox, lane: int) -> int:
    chip = next(chip for chip in node.chips if any(lane == one for one, _ in chip.lanes))
    return chip.y + _NAME_LINE // 2
