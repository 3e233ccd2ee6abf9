"""Which ports a service publishes, what answers on the nodes' ports, and what was counted there."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from checks.expect import fail
from checks.swarm import Glance, Service, Task

_RECORD = "\x1e"
# One program for all, yet a connection of its own for each, since the mesh distributes connections and not requests.
# After a first failure the rest would only take its time too.
_ASK = ("curl", "--silent", "--max-time", "3", "--fail", "--fail-early", "--header", "Connection: close")
_SHORT_ID = 12


@dataclass(frozen=True, slots=True, order=True)
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

    def __str__(self) -> str:
        way = "" if self.mode == "ingress" else f" in mode {self.mode}"
        return f"{self.published or 'one that the swarm chose'} to {self.target}{way}"


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the program `count` has written.

    Attributes:
        answers: How often each of those who answered did so, by what they said.
        lost: How many requests were lost, by the reason.

    """

    answers: Mapping[str, int]
    lost: Mapping[str, int]


def ports(service: Service) -> tuple[Port, ...]:
    """Return the ports that a service publishes, as they were wished for, the lowest first."""
    found = (service.spec.get("EndpointSpec") or {}).get("Ports") or ()
    made = (Port(one.get("PublishedPort", 0), one["TargetPort"], one.get("PublishMode", "ingress")) for one in found)
    return tuple(sorted(made))


def endpoint_mode(service: Service) -> str:
    """Return how a service is found by its name: 'vip' or 'dnsrr'."""
    return str((service.spec.get("EndpointSpec") or {}).get("Mode", "vip"))


def answers(now: Glance, node: str, urls: Iterable[str]) -> list[str]:
    """Return what each address answered, asked on a node one after another, each on a connection of its own.

    Raises:
        NotYet: One gave no answer.

    """
    asked = tuple(urls)
    done = now.typed(node, *_ASK, "--write-out", _RECORD, *asked)
    found = [answer.strip() for answer in done.text.split(_RECORD)[:-1]]
    if done.exit_status:
        silent = asked[max(0, len(found) - 1)].partition("/?")[0]
        fail(now.nodes[node], f"{silent} gives no answer", f"{silent} answers", f"curl --max-time 3 {silent}")
    return found


def told(answer: str, name: str) -> str:
    """Return what an answer of traefik/whoami says under a name, such as 'RemoteAddr'; empty if it says nothing."""
    found = re.search(rf"^{re.escape(name)}: *(.*)$", answer, re.MULTILINE | re.IGNORECASE)
    return found[1].strip() if found else ""


def host_name(task: Task) -> str:
    """Return the host name in a task's container, unless it was given one of its own."""
    return task.container[:_SHORT_ID]


def is_in_ingress(now: Glance, address: str) -> bool:
    """Whether an address belongs to the network of the routing mesh."""
    found = now.once("ingress", lambda: now.manager.api.api.networks(filters={"driver": "overlay"}))
    ranges = [one["Subnet"] for network in found if network.get("Ingress") for one in network["IPAM"]["Config"]]
    return any(ipaddress.ip_address(address) in ipaddress.ip_network(one) for one in ranges)


def ledger(text: str) -> Ledger:
    """Read what the program `count` has written."""
    lines = re.findall(r"^ *(\d+) (.+)$", text, re.MULTILINE)
    counted = {said: int(number) for number, said in lines}
    lost = {said for said in counted if said.startswith("lost")}
    return Ledger(
        answers={said: counted[said] for said in counted.keys() - lost}, lost={said: counted[said] for said in lost}
    )
