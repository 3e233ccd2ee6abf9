"""What an engine says of an app's containers, however they were started: by hand or by Compose."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Concatenate

from checks.expect import fail
from checks.lab_nodes import CheckNode
from checks.shared_client import Shared, asked_of

_LABEL = "com.docker.compose."
_RECORD = "\x1e"
# One program for all, yet a connection of its own for each, or whoever takes turns by connections would not.
_ASK = ("curl", "--silent", "--max-time", "5", "--header", "Connection: close", "--write-out", _RECORD)


@dataclass(frozen=True, slots=True)
class Container:
    """A container, stopped ones included.

    Attributes:
        id: Its id.
        name: Its name.
        service: The Compose service it is for; if it was started by hand, its name.
        project: The Compose project it belongs to; empty if it was started by hand.
        state: 'running', 'exited', 'created', ...
        status: The state as `docker ps` words it: 'Up 3 seconds (healthy)'.
        created: When it was created, in seconds since 1970.
        labels: Its labels.
        addresses: Its address in each of its networks, by the network's name.
        mounts: What is mounted in it, as the Docker API has it.
        published: The ports of the node that lead to it, each with the one that it leads to.

    """

    id: str
    name: str
    service: str
    project: str
    state: str
    status: str
    created: int
    labels: Mapping[str, str]
    addresses: Mapping[str, str]
    mounts: tuple[Mapping[str, Any], ...]
    published: Mapping[int, int]

    @property
    def runs(self) -> bool:
        """Whether it runs."""
        return self.state == "running"

    @property
    def health(self) -> str:
        """What its health check found: 'healthy', 'unhealthy', 'starting', or 'none' where there is no check."""
        words = (("healthy", "(healthy)"), ("unhealthy", "(unhealthy)"), ("starting", "(health: starting)"))
        return next((health for health, word in words if word in self.status), "none")

    @property
    def waits_for(self) -> Mapping[str, str]:
        """What Compose waits for before it starts this one: a condition for each service."""
        parts = [part.split(":") for part in self.labels.get(f"{_LABEL}depends_on", "").split(",") if part]
        return {part[0]: part[1] for part in parts}


class Glance:
    """What the engine says at one moment; every fact is asked for once, when it is first needed.

    Args:
        node: The node whose engine is asked.

    """

    def __init__(self, node: CheckNode) -> None:
        self.node = node
        self._files: dict[str, Mapping[str, Any]] = {}

    @cached_property
    def containers(self) -> tuple[Container, ...]:
        """All containers but one-off ones, by name; those that have ended are included."""
        found = (_container(entry) for entry in self.node.api.api.containers(all=True))
        # What `docker compose run` starts carries its service's name, and is none of its replicas.
        lasting = (one for one in found if one.labels.get(f"{_LABEL}oneoff") != "True")
        return tuple(sorted(lasting, key=lambda one: one.name))

    @cached_property
    def networks(self) -> Mapping[str, Mapping[str, Any]]:
        """All networks by name, as the Docker API has them."""
        return {entry["Name"]: entry for entry in self.node.api.api.networks()}

    def running(self, service: str) -> tuple[Container, ...]:
        """Return the running containers of a service.

        Raises:
            NotYet: There is none.

        """
        own = [one for one in self.containers if one.service == service]
        running = tuple(one for one in own if one.runs)
        if not running:
            seen = f"{own[0].name} is {own[0].state}" if own else f"there is no container for {service}"
            see = f"docker ps --all; docker logs {own[0].name}" if own else "docker ps --all"
            fail(self.node, seen, f"a container for {service} runs", see)
        return running

    def subnets(self, network: str) -> frozenset[str]:
        """Return the subnets of a network."""
        ipam = self.networks.get(network, {}).get("IPAM", {})
        return frozenset(config.get("Subnet", "") for config in ipam.get("Config") or ())

    def ask(self, urls: Iterable[str]) -> list[Mapping[str, Any] | str]:
        """Return what answers to each address: what it says if that is JSON, or else its words, empty if none came."""
        done = self.node.run(*_ASK, *urls)
        return [_parsed(answer.strip()) for answer in done.text.split(_RECORD)[:-1]]

    def file_of(self, container: Container) -> Mapping[str, Any]:
        """Return the project's Compose file as Compose understands it now; empty if it cannot be read."""
        files = container.labels.get(f"{_LABEL}project.config_files", "")
        if files not in self._files:
            options = [word for path in files.split(",") for word in ("--file", path)]
            done = self.node.run("docker", "compose", *options, "config", "--format", "json")
            parsed = _parsed(done.text)
            self._files[files] = parsed if isinstance(parsed, Mapping) else {}
        return self._files[files]


class App(Shared[Glance]):
    """The containers on one node.

    Args:
        node: The node.

    """

    def __init__(self, node: CheckNode) -> None:
        super().__init__(lambda: Glance(node))


def settled(check: Callable[Concatenate[Glance, ...], None]) -> Callable[..., None]:
    """Make a check of what the engine says; it is asked again while containers are still starting.

        @step("scale")
        @settled
        def test_five_run(now: Glance) -> None:
            '''Five replicas of web run.'''

    The lab's test file gives the fixture `app`; what a check names beside `now` are fixtures too.
    """
    return asked_of("app", check)


def _parsed(text: str) -> Mapping[str, Any] | str:
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return found if isinstance(found, dict) else text


def _container(entry: Mapping[str, Any]) -> Container:
    labels = entry.get("Labels") or {}
    name = entry["Names"][0].lstrip("/") if entry.get("Names") else entry["Id"][:12]
    networks = entry.get("NetworkSettings", {}).get("Networks") or {}
    ports = [port for port in entry.get("Ports") or () if port.get("PublicPort")]
    return Container(
        id=entry["Id"],
        name=name,
        service=labels.get(f"{_LABEL}service", name),
        project=labels.get(f"{_LABEL}project", ""),
        state=entry["State"],
        status=entry["Status"],
        created=entry["Created"],
        labels=labels,
        addresses={network: found["IPAddress"] for network, found in networks.items()},
        mounts=tuple(entry.get("Mounts") or ()),
        published={port["PublicPort"]: port["PrivatePort"] for port in ports},
    )
