"""What the voting app tells: which services it has, what its pages show, and what visitors have noted."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from checks.expect import fail
from checks.lab_nodes import CheckNode
from checks.mesh import answers
from checks.swarm import Glance, Service

PARTS = ("vote", "redis", "worker", "db", "result")
STACK = "voting"
_PLACES = (((80, "/"), (5001, "/json")), ((8080, "/"), (8081, "/"), (8081, "/json")))
_TITLE = re.compile(r"<title>(.*?)</title>")
_NOTES = ("visits-update.log", "visits-rollback.log", "waiting")
_READ_NOTES = f"for name in {' '.join(_NOTES)}; do cat /root/$name 2>/dev/null; printf '\\036'; done"


@dataclass(frozen=True, slots=True)
class Visit:
    """What a visitor of the script `visitors` got.

    Attributes:
        node: The node that was asked.
        seen: The page's title, or 'FAILED' and why.

    """

    node: str
    seen: str

    @property
    def failed(self) -> bool:
        """Whether there was no page."""
        return self.seen.startswith("FAILED")


def part(now: Glance, name: str) -> Service:
    """Return the service that plays a part: the stack's, or the one made by hand as long as there is no stack.

    Raises:
        NotYet: There is neither.

    """
    found = {service.name: service for service in now.services}
    return found.get(f"{STACK}_{name}") or now.service(name)


def titles(now: Glance, port: int) -> Mapping[str, str]:
    """Return the title of the page that each node shows on a port, by the node's name.

    Raises:
        NotYet: A node shows none, there or on another port of the same stack.

    """
    found = {name: _TITLE.search(page) for name, page in _pages(now, port, "/").items()}
    return {name: match[1] if match else "" for name, match in found.items()}


def counts(now: Glance, port: int) -> Mapping[str, int]:
    """Return how many votes the page with the result counts, by the node that was asked for it.

    Raises:
        NotYet: A node does not tell, or shows nothing on another port of the same stack.

    """
    return {name: _total(now.nodes[name], port, text) for name, text in _pages(now, port, "/json").items()}


def visits(now: Glance, name: str) -> tuple[Visit, ...]:
    """Return what the visitors of a name have written down on node1, in the order of their visits; empty if nothing."""
    words = (line.split(" ", maxsplit=2) for line in _note(now, f"visits-{name}.log").splitlines())
    return tuple(Visit(node=found[1], seen=found[2]) for found in words if len(found) == 3)


def waiting(now: Glance) -> int | None:
    """Return how many votes waited in Redis, as the learner has noted it on node1; None if nothing is noted."""
    noted = _note(now, "waiting").strip()
    return int(noted) if noted.isdecimal() else None


def _note(now: Glance, name: str) -> str:
    return now.typed("node1", "sh", "-c", _READ_NOTES).text.split("\x1e")[_NOTES.index(name)]


def _pages(now: Glance, port: int, path: str) -> Mapping[str, str]:
    # All that is ever asked of a stack is asked at once, since a command on a node takes longer than all else here.
    places = next(places for places in _PLACES if (port, path) in places)
    urls = [(name, place, f"http://{name}:{place[0]}{place[1]}") for place in places for name in now.nodes]
    told = answers(now, "node1", [url for _, _, url in urls])
    return {name: text for (name, place, _), text in zip(urls, told, strict=True) if place == (port, path)}


def _total(node: CheckNode, port: int, text: str) -> int:
    try:
        return sum(int(number) for number in json.loads(text).values())
    except (ValueError, AttributeError, TypeError):
        see = f"curl http://{node.name}:{port}/json"
        fail(node, f"port {port} of {node.name} tells no result", "the page with the result answers there", see)
