"""Which members of a swarm may run a service, by its placement constraints."""

from __future__ import annotations

import re
from collections.abc import Callable

from checks.swarm import Glance, Member, Service

_CONSTRAINT = re.compile(r"(?P<key>[\w.-]+)(?P<sign>==|!=)(?P<value>.*)")
_LABEL = "node.labels."
_FACTS: dict[str, Callable[[Member], str]] = {
    "node.id": lambda member: member.id,
    "node.hostname": lambda member: member.name,
    "node.role": lambda member: "manager" if member.is_manager else "worker",
}


def candidates(now: Glance, service: Service) -> tuple[Member, ...]:
    """Return the members that a service's constraints allow, whatever their state.

    Constraints on what an engine says of itself are left out, for engines of one lab are all alike.
    """
    return tuple(member for member in now.members if all(_allows(one, member) for one in service.constraints))


def _allows(constraint: str, member: Member) -> bool:
    match = _CONSTRAINT.fullmatch(constraint)
    if match is None:
        return True
    key = match["key"]
    if key.startswith(_LABEL):
        has = member.labels.get(key.removeprefix(_LABEL), "")
    elif key in _FACTS:
        has = _FACTS[key](member)
    else:
        return True
    return (has.casefold() == match["value"].casefold()) == (match["sign"] == "==")
