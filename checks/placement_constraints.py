"""Select the members of a swarm that may run a service, according to its placement constraints."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from checks.swarm import Member

_CONSTRAINT = re.compile(r"(?P<key>[\w.-]+)(?P<operator>==|!=)(?P<value>.*)")
_LABEL_PREFIX = "node.labels."
_ATTRIBUTES: dict[str, Callable[[Member], str]] = {
    "node.id": lambda member: member.id,
    "node.hostname": lambda member: member.name,
    "node.role": lambda member: "manager" if member.is_manager else "worker",
}


def filter_eligible_members(members: Iterable[Member], constraints: Iterable[str]) -> tuple[Member, ...]:
    """Return the members that satisfy all constraints, whether or not they are ready.

    Constraints on engines (`engine.labels`, `node.platform`) are ignored, because all engines of a lab are the same.

    Args:
        members: The members of the swarm.
        constraints: Placement constraints, without spaces.

    """
    constraints = tuple(constraints)
    return tuple(member for member in members if all(_satisfies(member, constraint) for constraint in constraints))


def _satisfies(member: Member, constraint: str) -> bool:
    match = _CONSTRAINT.fullmatch(constraint)
    if match is None:
        return True
    key = match["key"]
    if key.startswith(_LABEL_PREFIX):
        value = member.labels.get(key.removeprefix(_LABEL_PREFIX), "")
    elif key in _ATTRIBUTES:
        value = _ATTRIBUTES[key](member)
    else:
        return True
    return (value.casefold() == match["value"].casefold()) == (match["operator"] == "==")
