"""Select the members that satisfy placement constraints."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from checks.placement_constraints import filter_eligible_members
from checks.swarm import Member


def make_member(name: str, *, is_manager: bool = False, **labels: str) -> Member:
    """Return a ready member."""
    return Member(f"id-of-{name}", name, is_manager, "ready", "active", datetime.now(UTC), labels)


MEMBERS = (make_member("node1", is_manager=True, disk="db"), make_member("node2", disk="slow"), make_member("node3"))


@pytest.mark.parametrize(
    ("eligible", "constraints"),
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
def test_eligible_members(eligible: str, constraints: tuple[str, ...]) -> None:
    """A member must satisfy all constraints; values ignore case, and a missing label counts as a different value."""
    assert eligible == " ".join(member.name for member in filter_eligible_members(MEMBERS, constraints))
