"""Which members fit a service's constraints."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from checks.placement_constraints import filter_eligible_members
from checks.swarm import Member


def member(name: str, *, is_manager: bool = False, **labels: str) -> Member:
    """Return a member that is ready."""
    return Member(f"id-of-{name}", name, is_manager, "ready", "active", datetime.now(UTC), labels)


MEMBERS = (member("node1", is_manager=True, disk="db"), member("node2", disk="slow"), member("node3"))


@pytest.mark.parametrize(
    ("fitting", "constraints"),
    [
        ("node1 node2 node3", ()),
        ("node2", ("node.hostname==node2",)),
        ("node1 node3", ("node.hostname!=node2",)),
        ("node3", ("node.id==id-of-node3",)),
        ("node2 node3", ("node.role==worker",)),
        ("node1", ("node.role!=worker",)),
        ("node1", ("node.labels.disk==db",)),
        ("node1", ("node.labels.disk==DB",)),
        ("node2 node3", ("node.labels.disk!=db",)),
        ("node3", ("node.role==worker", "node.labels.disk!=slow")),
        ("", ("node.role==manager", "node.labels.disk==slow")),
        ("node1 node2 node3", ("node.platform.os==linux",)),
    ],
)
def test_allowed(fitting: str, constraints: tuple[str, ...]) -> None:
    """Members must fit every constraint, as the swarm reads them: case does not count, no label is another label."""
    assert fitting == " ".join(one.name for one in filter_eligible_members(MEMBERS, constraints))
