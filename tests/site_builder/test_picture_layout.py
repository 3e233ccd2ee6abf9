"""Where things are drawn."""

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
def test_nothing_lies_outside(drawn: Picture) -> None:
    """Every box lies within its node, every node and network within the picture."""
    found = picture_layout.layout(drawn, TOPOLOGY)
    for node in found.nodes:
        for chip in node.chips:
            assert node.x < chip.x
            assert chip.x + chip.width < node.x + found.node_width
            assert chip.y + chip.height < 1 + found.node_height
            assert chip.x < min(chip.squares)
        assert node.x + found.node_width < found.width
    assert all(bar.y > found.node_height and bar.y + 26 <= found.height for bar in found.bars)
    assert all(bar.x + bar.width < found.width for bar in found.bars)


@given(PICTURES)
def test_nothing_overlaps(drawn: Picture) -> None:
    """The boxes of a node stand one below the other."""
    for node in picture_layout.layout(drawn, TOPOLOGY).nodes:
        for upper, lower in zip(node.chips, node.chips[1:], strict=False):
            assert upper.y + upper.height < lower.y


@given(PICTURES)
def test_nothing_is_left_out(drawn: Picture) -> None:
    """Every task is drawn on its node, and what has none is told as idle."""
    found = picture_layout.layout(drawn, TOPOLOGY)
    shown = sorted((chip.name, node.name) for node in found.nodes for chip in node.chips for _ in chip.squares)
    assert sorted((service.name, node) for service in drawn.services for node in service.tasks) == shown
    assert tuple(service.name for service in drawn.services if not service.tasks) == found.idle


@given(PICTURES)
def test_names_of_networks(drawn: Picture) -> None:
    """A network's name stands within it, and no line crosses it, whichever network that one belongs to."""
    found = picture_layout.layout(drawn, TOPOLOGY)
    for bar in found.bars:
        end = bar.text_x + 7.5 * len(f"network {bar.name}")
        assert end < bar.x + bar.width
        assert [] == [x for other in found.bars for x, _ in other.lines if bar.text_x - 3.5 < x < end]


def test_roles() -> None:
    """Nodes have roles where there is a swarm: not before it, and not one node alone."""
    web = PictureService("web", ("node1",))
    assert picture_layout.layout(Picture((web,), (), 1), TOPOLOGY).roles
    assert not picture_layout.layout(Picture((web,), (), 1, swarm=False), TOPOLOGY).roles
    assert not picture_layout.layout(Picture((web,), (), 1), Topology(TOPOLOGY.nodes[:1])).roles


def test_networks() -> None:
    """A network reaches from the first to the last node that has something on it, and a line leads down from each."""
    web = PictureService("web", ("node2", "node3"), ("back",))
    found = picture_layout.layout(Picture((web,), ("back",), 1), TOPOLOGY)
    (bar,) = found.bars
    assert (found.nodes[1].x, 2) == (bar.x, len(bar.lines))
    assert found.nodes[2].x + found.node_width == bar.x + bar.width


def test_ingress() -> None:
    """The network of the mesh reaches every node, with a line from those alone that have something on it."""
    web = PictureService("web", ("node2",), ("ingress",))
    found = picture_layout.layout(Picture((web,), ("ingress",), 1), TOPOLOGY)
    (bar,) = found.bars
    assert (found.nodes[0].x, found.nodes[2].x + found.node_width, 1) == (bar.x, bar.x + bar.width, len(bar.lines))
