"""Which members of a swarm may run a service, by its placement constraints."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from checks.swarm import Member

_CONSTRAINT = re.compile(r"(?P<key>[\w.-]+)(?P<sign>==|!=)(?P<value>.*)")
_LABEL = "node.labels."
_FACTS: dict[str, Callable[[Member], str]] = {
    "node.id": lambda member: member.id,
    "node.hostname": lambda member: member.name,
    "node.role": lambda member: "manager" if member.is_manager else "worker",
}


def allowed(members: Iterable[Member], constraints: Iterable[str]) -> tuple[Member, ...]:
    """Return the members that fit all constraints, whatever their state.

    Constraints on engines (`engine.labels`, `node.platform`) are left out, for the engines of a lab are all alike.

    Args:
        members: The members of the swarm.
        constraints: Placement constraints, without spaces.

    """
    wanted = tuple(constraints)
    return tuple(member for member in members if all(_fits(member, one) for one in wanted))


def _fits(member: Member, constraint: str) -> bool:
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
