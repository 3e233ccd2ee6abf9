"""The layout of pictures."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from runner.lessons.model import Picture, PictureService
from runner.nodes.topology import NodeSpec, Role, Topology
from runner.site_builder import picture_layout

NODES = ("node1", "node2", "node3")
TOPOLOGY = Topology(tuple(NodeSpec(name, Role.WORKER) for name in NODES))
NETWORKS = ("front", "back", "ingress")
NAMES = st.text("abcdefgh-", min_size=1, max_size=20)
SERVICES = st.builds(
    PictureService,
    NAMES,
    st.lists(st.sampled_from(NODES), max_size=6).map(tuple),
    st.lists(st.sampled_from(NETWORKS), unique=True).map(tuple),
    st.sampled_from([(), ("80",), ("8080:80", "53:53/udp")]),
    st.sampled_from([(), ("data",)]),
)
PICTURES = st.builds(Picture, st.lists(SERVICES, min_size=1, max_size=6).map(tuple), st.just(NETWORKS), st.just(1))


@given(PICTURES)
def test_nothing_lies_outside(picture: Picture) -> None:
    """Every service box is inside its node, and every node and network is inside the picture."""
    layout = picture_layout.compute_layout(picture, TOPOLOGY)
    for node in layout.nodes:
        for box in node.services:
            assert node.x < box.x
            assert box.x + box.width < node.x + layout.node_width
            assert box.y + box.height < 1 + layout.node_height
            assert box.x < min(box.task_square_xs)
        assert node.x + layout.node_width < layout.width
    assert all(network.y > layout.node_height and network.y + 26 <= layout.height for network in layout.networks)
    assert all(network.x + network.width < layout.width for network in layout.networks)


@given(PICTURES)
def test_nothing_overlaps(picture: Picture) -> None:
    """The service boxes of a node are below each other."""
    for node in picture_layout.compute_layout(picture, TOPOLOGY).nodes:
        for upper, lower in zip(node.services, node.services[1:], strict=False):
            assert upper.y + upper.height < lower.y


@given(PICTURES)
def test_nothing_is_left_out(picture: Picture) -> None:
    """Every task is drawn on its node, and services without tasks are listed as unscheduled."""
    layout = picture_layout.compute_layout(picture, TOPOLOGY)
    shown = sorted((box.name, node.name) for node in layout.nodes for box in node.services for _ in box.task_square_xs)
    assert sorted((service.name, node) for service in picture.services for node in service.tasks) == shown
    assert tuple(service.name for service in picture.services if not service.tasks) == layout.unscheduled_services


@given(PICTURES)
def test_names_of_networks(picture: Picture) -> None:
    """A network's name is inside its bar, and no line crosses it."""
    layout = picture_layout.compute_layout(picture, TOPOLOGY)
    for network in layout.networks:
        end = network.label_x + 7.5 * len(f"network {network.name}")
        assert end < network.x + network.width
        assert [] == [x for other in layout.networks for x, _ in other.drop_lines if network.label_x - 3.5 < x < end]


def test_roles() -> None:
    """Roles are shown only in a swarm of more than one node."""
    web = PictureService("web", ("node1",))
    assert picture_layout.compute_layout(Picture((web,), (), 1), TOPOLOGY).show_roles
    assert not picture_layout.compute_layout(Picture((web,), (), 1, is_swarm=False), TOPOLOGY).show_roles
    assert not picture_layout.compute_layout(Picture((web,), (), 1), Topology(TOPOLOGY.nodes[:1])).show_roles


def test_networks() -> None:
    """A network spans the first to the last connected node, and each of them has a line down to it."""
    web = PictureService("web", ("node2", "node3"), ("back",))
    layout = picture_layout.compute_layout(Picture((web,), ("back",), 1), TOPOLOGY)
    (network,) = layout.networks
    assert (layout.nodes[1].x, 2) == (network.x, len(network.drop_lines))
    assert layout.nodes[2].x + layout.node_width == network.x + network.width


def test_ingress() -> None:
    """The ingress network spans every node, with lines only from nodes that run a task."""
    web = PictureService("web", ("node2",), ("ingress",))
    layout = picture_layout.compute_layout(Picture((web,), ("ingress",), 1), TOPOLOGY)
    (network,) = layout.networks
    assert (layout.nodes[0].x, layout.nodes[2].x + layout.node_width, 1) == (
        network.x,
        network.x + network.width,
        len(network.drop_lines),
    )
