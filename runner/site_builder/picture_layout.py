"""Compute the layout of a lesson's pictures: nodes side by side, the services on them, and networks below them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from runner.lessons.model import Picture, PictureService
from runner.nodes.topology import NodeSpec, Topology

# Lengths in the units of the SVG view box.
_NODE_GAP = 16
_PADDING = 14
_NODE_HEADER = 46
_LANE_WIDTH = 14
_NAME_LINE = 30
_DETAIL_LINE = 16
_NETWORK_HEIGHT = 26
_SERVICE_GAP = 8
_TASK_PITCH = 11
# Estimated letter widths of the three font sizes, wide enough for every fallback font.
_SERVICE_LETTER, _NETWORK_LETTER, _DETAIL_LETTER = 8.4, 7.6, 6.6


@dataclass(frozen=True, slots=True)
class ServiceBox:
    """The box of a service on one node, with a square for each of its tasks there.

    Attributes:
        name: The service's name.
        task_count: The number of its tasks on the node.
        details: Its ports and volumes, as pairs of a text key (`port`, `volume`) and a value.
        x: The left edge.
        y: The top edge.
        width: The width.
        height: The height.
        network_lanes: For each of its networks, the network's index and the x of the network's line on this node.

    """

    name: str
    task_count: int
    details: tuple[tuple[str, str], ...]
    x: int
    y: int
    width: int
    height: int
    network_lanes: tuple[tuple[int, int], ...]

    @property
    def task_square_xs(self) -> range:
        """The left edges of the task squares, from left to right."""
        right = self.x + self.width - 9
        return range(right - self.task_count * _TASK_PITCH, right, _TASK_PITCH)


@dataclass(frozen=True, slots=True)
class NodeBox:
    """The box of a node, and the services on it."""

    name: str
    role: str
    x: int
    services: tuple[ServiceBox, ...]


@dataclass(frozen=True, slots=True)
class NetworkBar:
    """The bar of a network below the nodes.

    Attributes:
        name: The network's name.
        index: Its index among the picture's networks.
        x: The left edge.
        y: The top edge.
        width: The width.
        label_x: The left edge of its name.
        drop_lines: The points where lines from services down to the bar begin, one per connected node.

    """

    name: str
    index: int
    x: int
    y: int
    width: int
    label_x: int
    drop_lines: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class PictureLayout:
    """The position of everything in a picture.

    Attributes:
        width: The width of the picture.
        height: The height of the picture.
        node_width: The width of every node's box.
        node_height: The height of every node's box.
        show_roles: Whether nodes are labelled as manager or worker.
        nodes: The nodes, from left to right.
        networks: The networks, from top to bottom.
        unscheduled_services: The names of services without a task on any node.

    """

    width: int
    height: int
    node_width: int
    node_height: int
    show_roles: bool
    nodes: tuple[NodeBox, ...]
    networks: tuple[NetworkBar, ...]
    unscheduled_services: tuple[str, ...]


def compute_layout(picture: Picture, topology: Topology) -> PictureLayout:
    """Return the position of everything in a picture of a topology's nodes."""
    network_indexes = {network: index for index, network in enumerate(picture.networks)}
    lanes_width = _PADDING + len(network_indexes) * _LANE_WIDTH
    # A network's name is below the service boxes and right of all lanes, so that no line crosses it.
    label_widths = [int(len(f"network {network}") * _NETWORK_LETTER) for network in network_indexes]
    service_width = max([120, *label_widths, *(_compute_service_width(service) for service in picture.services)])
    node_width = lanes_width + service_width + _PADDING
    nodes = tuple(
        _layout_node(node, 1 + index * (node_width + _NODE_GAP), service_width, picture, network_indexes)
        for index, node in enumerate(topology.nodes)
    )
    bottoms = [service.y + service.height for node in nodes for service in node.services]
    node_height = max([_NODE_HEADER + _NAME_LINE, *bottoms]) + _PADDING
    networks = tuple(
        _layout_network(network, index, nodes, node_width, node_height, lanes_width)
        for network, index in network_indexes.items()
    )
    unscheduled = tuple(service.name for service in picture.services if not service.tasks)
    width = len(nodes) * (node_width + _NODE_GAP) - _NODE_GAP + 2
    network_area = len(networks) * (_NETWORK_HEIGHT + 8) + (8 if networks else 0)
    height = node_height + 2 + network_area + (28 if unscheduled else 0)
    # Roles mean nothing before there is a swarm, or in a swarm of one node.
    show_roles = picture.is_swarm and len(nodes) > 1
    return PictureLayout(width, height, node_width, node_height, show_roles, nodes, networks, unscheduled)


def _list_details(service: PictureService) -> tuple[tuple[str, str], ...]:
    ports = (("port", port.replace(":", " → ")) for port in service.ports)
    return (*ports, *(("volume", volume) for volume in service.volumes))


def _compute_service_width(service: PictureService) -> int:
    max_tasks = max(Counter(service.tasks).values(), default=0)
    name_width = len(service.name) * _SERVICE_LETTER + max_tasks * _TASK_PITCH + 34
    detail_widths = ((len(key) + 1 + len(value)) * _DETAIL_LETTER + 24 for key, value in _list_details(service))
    return int(max([name_width, *detail_widths]))


def _layout_node(
    node: NodeSpec, x: int, service_width: int, picture: Picture, network_indexes: dict[str, int]
) -> NodeBox:
    services: list[ServiceBox] = []
    y = _NODE_HEADER
    left = x + _PADDING + len(network_indexes) * _LANE_WIDTH
    for service in picture.services:
        task_count = Counter(service.tasks)[node.name]
        if task_count:
            details = _list_details(service)
            height = _NAME_LINE + len(details) * _DETAIL_LINE
            indexes = [network_indexes[network] for network in service.networks]
            lanes = tuple((index, _compute_lane_x(x, index)) for index in indexes)
            services.append(ServiceBox(service.name, task_count, details, left, y, service_width, height, lanes))
            y += height + _SERVICE_GAP
    return NodeBox(node.name, node.role.value, x, tuple(services))


def _compute_lane_x(node_x: int, network_index: int) -> int:
    return node_x + _PADDING - 2 + network_index * _LANE_WIDTH


def _layout_network(
    network: str, index: int, nodes: Sequence[NodeBox], node_width: int, node_height: int, lanes_width: int
) -> NetworkBar:
    y = node_height + 12 + index * (_NETWORK_HEIGHT + 8)
    first_services = [(node, _find_first_service(node, index)) for node in nodes]
    connected = [node for node, service in first_services if service]
    drop_lines = tuple(
        (_compute_lane_x(node.x, index), service.y + _NAME_LINE // 2) for node, service in first_services if service
    )
    # The routing mesh reaches every node, including nodes that run no task.
    reached = nodes if network == "ingress" else connected or nodes[:1]
    left, right = reached[0].x, reached[-1].x + node_width
    return NetworkBar(network, index, left, y, right - left, left + lanes_width, drop_lines)


def _find_first_service(node: NodeBox, network_index: int) -> ServiceBox | None:
    """Return the topmost service of a node that is connected to a network."""
    connected = (
        service for service in node.services if any(index == network_index for index, _ in service.network_lanes)
    )
    return next(connected, None)
