"""Read the containers and networks of a node engine as one snapshot, whether Compose started them or not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Concatenate

from checks.expect import fail
from checks.lab_nodes import CheckNode
from checks.shared_snapshot import SharedSnapshot, make_snapshot_test

_LABEL_PREFIX = "com.docker.compose."
_SEPARATOR = "\x1e"
# One curl process for all URLs, but one connection per URL: some load balancers distribute connections, not requests.
_CURL = ("curl", "--silent", "--max-time", "5", "--header", "Connection: close", "--write-out", _SEPARATOR)


@dataclass(frozen=True, slots=True)
class Container:
    """A container, running or stopped.

    Attributes:
        id: Its id.
        name: Its name.
        service: The Compose service that it belongs to; its name if Compose did not start it.
        project: The Compose project that it belongs to; empty if Compose did not start it.
        state: 'running', 'exited', 'created', ...
        status: The state as `docker ps` shows it: 'Up 3 seconds (healthy)'.
        created_at: When it was created, in seconds since 1970.
        labels: Its labels.
        addresses: Its IP address in each of its networks, by network name.
        mounts: Its mounts, as the Docker API returns them.
        published_ports: The container port that each published port of the node leads to.

    """

    id: str
    name: str
    service: str
    project: str
    state: str
    status: str
    created_at: int
    labels: Mapping[str, str]
    addresses: Mapping[str, str]
    mounts: tuple[Mapping[str, Any], ...]
    published_ports: Mapping[int, int]

    @property
    def is_running(self) -> bool:
        """Whether the container runs."""
        return self.state == "running"

    @property
    def health(self) -> str:
        """The result of its health check: 'healthy', 'unhealthy', 'starting', or 'none' if it has no health check."""
        suffixes = (("healthy", "(healthy)"), ("unhealthy", "(unhealthy)"), ("starting", "(health: starting)"))
        return next((health for health, suffix in suffixes if suffix in self.status), "none")

    @property
    def dependency_conditions(self) -> Mapping[str, str]:
        """The conditions under which Compose starts this container, by the service that it depends on."""
        entries = [entry.split(":") for entry in self.labels.get(f"{_LABEL_PREFIX}depends_on", "").split(",") if entry]
        return {entry[0]: entry[1] for entry in entries}


class ComposeSnapshot:
    """The state of a node engine at one moment; each query is sent once, when its result is first needed.

    Args:
        node: The node.

    """

    def __init__(self, node: CheckNode) -> None:
        self.node = node
        self._compose_files: dict[str, Mapping[str, Any]] = {}

    @cached_property
    def containers(self) -> tuple[Container, ...]:
        """All containers sorted by name, including stopped ones; without those of `docker compose run`."""
        containers = (_parse_container(entry) for entry in self.node.api.api.containers(all=True))
        # A container of `docker compose run` has the service's name in its labels, but is not one of its replicas.
        replicas = (container for container in containers if container.labels.get(f"{_LABEL_PREFIX}oneoff") != "True")
        return tuple(sorted(replicas, key=lambda container: container.name))

    @cached_property
    def networks(self) -> Mapping[str, Mapping[str, Any]]:
        """All networks by name, as the Docker API returns them."""
        return {entry["Name"]: entry for entry in self.node.api.api.networks()}

    def require_running_containers(self, service: str) -> tuple[Container, ...]:
        """Return the running containers of a service.

        Raises:
            NotYet: No container of the service runs.

        """
        containers = [container for container in self.containers if container.service == service]
        running = tuple(container for container in containers if container.is_running)
        if not running:
            name = containers[0].name if containers else ""
            observed = f"{name} is {containers[0].state}" if name else f"there is no container for {service}"
            see = f"docker ps --all; docker logs {name}" if name else "docker ps --all"
            fail(self.node, observed, f"a container for {service} runs", see)
        return running

    def list_network_subnets(self, network: str) -> frozenset[str]:
        """Return the subnets of a network."""
        ipam = self.networks.get(network, {}).get("IPAM", {})
        return frozenset(config.get("Subnet", "") for config in ipam.get("Config") or ())

    def fetch_urls(self, urls: Iterable[str]) -> list[Mapping[str, Any] | str]:
        """Return the response of each URL, requested on the node: parsed if it is JSON, otherwise as text.

        A URL that does not answer has an empty response.
        """
        result = self.node.run_command(*_CURL, *urls)
        return [_parse_json_object(response.strip()) for response in result.stdout_text.split(_SEPARATOR)[:-1]]

    def query_compose_config(self, container: Container) -> Mapping[str, Any]:
        """Return the project's current Compose file, as Compose parses it; empty if it cannot be read."""
        files = container.labels.get(f"{_LABEL_PREFIX}project.config_files", "")
        if files not in self._compose_files:
            options = [word for path in files.split(",") for word in ("--file", path)]
            result = self.node.run_command("docker", "compose", *options, "config", "--format", "json")
            config = _parse_json_object(result.stdout_text)
            self._compose_files[files] = config if isinstance(config, Mapping) else {}
        return self._compose_files[files]


class SharedComposeSnapshot(SharedSnapshot[ComposeSnapshot]):
    """The snapshot of a node engine that all checks of a run share.

    Args:
        node: The node.

    """

    def __init__(self, node: CheckNode) -> None:
        super().__init__(lambda: ComposeSnapshot(node))


def with_compose_snapshot(check: Callable[Concatenate[ComposeSnapshot, ...], None]) -> Callable[..., None]:
    """Decorate a check of containers: it gets a snapshot, and runs again on a new one while containers are starting.

        @step("scale")
        @with_compose_snapshot
        def test_five_web_replicas_run(app: ComposeSnapshot) -> None:
            '''Five replicas of web run.'''

    The lab's test file defines the fixture `app`, a `SharedComposeSnapshot`. The check's other parameters are fixtures.
    """
    return make_snapshot_test("app", check)


def _parse_json_object(text: str) -> Mapping[str, Any] | str:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, dict) else text


def _parse_container(entry: Mapping[str, Any]) -> Container:
    labels = entry.get("Labels") or {}
    name = entry["Names"][0].lstrip("/") if entry.get("Names") else entry["Id"][:12]
    networks = entry.get("NetworkSettings", {}).get("Networks") or {}
    ports = [port for port in entry.get("Ports") or () if port.get("PublicPort")]
    return Container(
        id=entry["Id"],
        name=name,
        service=labels.get(f"{_LABEL_PREFIX}service", name),
        project=labels.get(f"{_LABEL_PREFIX}project", ""),
        state=entry["State"],
        status=entry["Status"],
        created_at=entry["Created"],
        labels=labels,
        addresses={network: endpoint["IPAddress"] for network, endpoint in networks.items()},
        mounts=tuple(entry.get("Mounts") or ()),
        published_ports={port["PublicPort"]: port["PrivatePort"] for port in ports},
    )
