"""Read the voting app's state: its services, its pages, and the logs that the script `visitors` writes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from checks.expect import fail
from checks.lab_nodes import CheckNode
from checks.routing_mesh import fetch_urls_from_node
from checks.swarm import Service, SwarmSnapshot

SERVICES = ("vote", "redis", "worker", "db", "result")
STACK = "voting"
# The ports and paths of a stack that are requested together, first of `voting`, then of `school`.
_ENDPOINTS = (((80, "/"), (5001, "/json")), ((8080, "/"), (8081, "/"), (8081, "/json")))
_TITLE = re.compile(r"<title>(.*?)</title>")
_SECOND_TRY = " (second try)"
_NOTE_FILES = ("visits-update.log", "visits-rollback.log", "waiting")
_READ_NOTES = f"for name in {' '.join(_NOTE_FILES)}; do cat /root/$name 2>/dev/null; printf '\\036'; done"


@dataclass(frozen=True, slots=True)
class PageVisit:
    """One page request of the script `visitors`.

    Attributes:
        node: The node that received the request.
        outcome: The title of the page, or 'FAILED' and the reason.

    """

    node: str
    outcome: str

    @property
    def has_failed(self) -> bool:
        """Whether the request failed."""
        return self.outcome.startswith("FAILED")


def require_app_service(swarm: SwarmSnapshot, name: str) -> Service:
    """Return a service of the voting app: the one of the stack, or else the one that was created without a stack.

    Raises:
        NotYet: Neither exists.

    """
    services = {service.name: service for service in swarm.services}
    return services.get(f"{STACK}_{name}") or swarm.require_service(name)


def fetch_page_titles(swarm: SwarmSnapshot, port: int) -> Mapping[str, str]:
    """Return the title of the page on a port of each node, by node name.

    Raises:
        NotYet: A node does not answer on that port, or on another port of the same stack.

    """
    matches = {name: _TITLE.search(page) for name, page in _fetch_pages(swarm, port, "/").items()}
    return {name: match[1] if match else "" for name, match in matches.items()}


def fetch_vote_counts(swarm: SwarmSnapshot, port: int) -> Mapping[str, int]:
    """Return the number of votes on the result page of each node, by node name.

    Raises:
        NotYet: A node does not show the result, or does not answer on another port of the same stack.

    """
    return {
        name: _sum_votes(swarm.nodes[name], port, text) for name, text in _fetch_pages(swarm, port, "/json").items()
    }


def read_visit_log(swarm: SwarmSnapshot, name: str) -> tuple[PageVisit, ...]:
    """Return the visits in /root/visits-NAME.log on node1, in the order of the file; empty if there is no such file."""
    lines = (line.split(" ", maxsplit=2) for line in _read_note(swarm, f"visits-{name}.log").splitlines())
    visits = ((fields[1], fields[2].removesuffix(_SECOND_TRY)) for fields in lines if len(fields) == 3)
    return tuple(PageVisit(node, outcome) for node, outcome in visits)


def read_waiting_vote_count(swarm: SwarmSnapshot) -> int | None:
    """Return how many votes waited in Redis, from the learner's note on node1; None if the note has no number."""
    note = _read_note(swarm, "waiting").strip()
    return int(note) if note.isdecimal() else None


def _read_note(swarm: SwarmSnapshot, name: str) -> str:
    return swarm.run_command_once("node1", "sh", "-c", _READ_NOTES).stdout_text.split("\x1e")[_NOTE_FILES.index(name)]


def _fetch_pages(swarm: SwarmSnapshot, port: int, path: str) -> Mapping[str, str]:
    # Request all endpoints of a stack in one command: running a command on a node is the slowest part of these checks.
    endpoints = next(endpoints for endpoints in _ENDPOINTS if (port, path) in endpoints)
    targets = [(name, endpoint) for endpoint in endpoints for name in swarm.nodes]
    urls = [f"http://{name}:{endpoint[0]}{endpoint[1]}" for name, endpoint in targets]
    answers = fetch_urls_from_node(swarm, "node1", urls)
    pairs = zip(targets, answers, strict=True)
    return {name: text for (name, endpoint), text in pairs if endpoint == (port, path)}


def _sum_votes(node: CheckNode, port: int, text: str) -> int:
    try:
        return sum(int(number) for number in json.loads(text).values())
    except (ValueError, AttributeError, TypeError):
        see = f"curl http://{node.name}:{port}/json"
        fail(node, f"port {port} of {node.name} does not show the result", "it shows the result", see)
