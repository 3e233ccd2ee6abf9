"""Which ports a service publishes, and what answers on the nodes' ports."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from checks.expect import fail
from checks.swarm import Glance, Service

_RECORD = "\x1e"
# One program for all of them, yet a connection of its own for each: the mesh distributes connections, not requests. After
# a first failure the rest would only take its time too.
_ASK = ("curl", "--silent", "--max-time", "3", "--fail", "--fail-early", "--header", "Connection: close")


@dataclass(frozen=True, slots=True)
class Port:
    """A port that a service publishes.

    Attributes:
        published: The port on the nodes; 0 if the swarm was to choose one.
        target: The port in the containers.
        mode: 'ingress' for the routing mesh, or 'host'.

    """

    published: int
    target: int
    mode: str


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the program `count` has written.

    Attributes:
        answers: How often each of those who answered did so, by what they said.
        lost: How many requests got no answer, by the reason.

    """

    answers: dict[str, int]
    lost: dict[str, int]


def ports(service: Service) -> tuple[Port, ...]:
    """Return the ports that a service publishes over TCP, as they were wished for."""
    found = (service.spec.get("EndpointSpec") or {}).get("Ports") or ()
    return tuple(
        Port(port.get("PublishedPort", 0), port["TargetPort"], port.get("PublishMode", "ingress"))
        for port in found
        if port.get("Protocol", "tcp") == "tcp"
    )


def endpoint_mode(service: Service) -> str:
    """Return how a service is found by its name: 'vip' or 'dnsrr'."""
    return str((service.spec.get("EndpointSpec") or {}).get("Mode", "vip"))


def answers(now: Glance, node: str, urls: Iterable[str]) -> list[str]:
    """Return what each address answered, asked on a node one after another.

    Raises:
        NotYet: One gave no answer.

    """
    asked = tuple(urls)
    done = now.typed(node, *_ASK, "--write-out", _RECORD, *asked)
    found = [answer.strip() for answer in done.text.split(_RECORD)[:-1]]
    if done.exit_status:
        dumb = asked[len(found) - 1]
        fail(now.nodes[node], f"{dumb} gives no answer", f"{dumb} answers", f"curl --max-time 3 {dumb}")
    return found


def ledger(text: str) -> Ledger:
    """Read what the program `count` has written."""
    lines = re.findall(r"^\s*(\d+) (.+)$", text, re.MULTILINE)
    split = {kind: {said: int(n) for n, said in lines if said.startswith("lost") == kind} for kind in (True, False)}
    return Ledger(answers=split[False], lost=split[True])
