"""The nodes and what runs on them, as data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from runner.nodes.driver_interface import Node, NodeState

_TASK_LABEL = "com.docker.swarm.task.id"
_RUNNING = "running"

Entry = Mapping[str, Any]


class Standing(StrEnum):
    """What a node is in the swarm."""

    ALONE = "no swarm"
    WORKER = "worker"
    MANAGER = "manager"
    LEADER = "leader"


@dataclass(frozen=True, slots=True)
class Unit:
    """A task of a service, or a container that belongs to none.

    Attributes:
        name: 'web.1' for a task, and otherwise the container's own.
        state: What Docker says of it: 'running', 'preparing', 'exited', ...
        is_task: Whether it is a task.

    """

    name: str
    state: str = _RUNNING
    is_task: bool = False

    @property
    def runs(self) -> bool:
        """Whether it runs."""
        return self.state == _RUNNING


@dataclass(frozen=True, slots=True)
class NodeSight:
    """One node.

    Attributes:
        name: Its name.
        standing: What it is in the swarm.
        state: 'ready', or what is the matter with it: 'stopped', 'unreachable', 'down', 'drained', 'paused', ...
        units: What is on it.

    """

    name: str
    standing: Standing = Standing.ALONE
    state: str = "ready"
    units: tuple[Unit, ...] = ()

    @property
    def ready(self) -> bool:
        """Whether nothing is the matter with it."""
        return self.state == "ready"


@dataclass(frozen=True, slots=True)
class ServiceSight:
    """One service: how many of its tasks run, how many should, and the ports that lead to it."""

    name: str
    running: int
    wanted: int
    ports: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Picture:
    """All nodes and services at one moment.

    Attributes:
        nodes: The nodes, in the order of the topology.
        services: The swarm's services, by name.
        waiting: Tasks that no node has been found for.

    """

    nodes: tuple[NodeSight, ...] = ()
    services: tuple[ServiceSight, ...] = ()
    waiting: tuple[Unit, ...] = ()

    @property
    def settled(self) -> bool:
        """Whether nothing in it is about to change by itself."""
        tasks = [unit for node in self.nodes for unit in node.units if unit.is_task]
        return (
            not self.waiting
            and all(node.ready or node.state in ("drained", "paused") for node in self.nodes)
            and all(service.running == service.wanted for service in self.services)
            and all(unit.runs for unit in tasks)
        )


@dataclass(frozen=True, slots=True)
class Told:
    """What the engines told.

    Attributes:
        members: What `docker node ls` shows, as the Docker API has it; nothing where nobody manages a swarm.
        services: The same of its services.
        tasks: The same of the tasks that should run.
        containers: The same of each node's containers, by the node's name; nodes that did not answer are missing.

    """

    members: Sequence[Entry] = ()
    services: Sequence[Entry] = ()
    tasks: Sequence[Entry] = ()
    containers: Mapping[str, Sequence[Entry]] = field(default_factory=dict)


def of(nodes: Iterable[Node], told: Told) -> Picture:
    """Make the picture of what the engines told.

    Args:
        nodes: The cluster's nodes.
        told: What their engines told.

    """
    names = {entry["ID"]: entry["Spec"]["Name"] for entry in told.services}
    tasks = sorted(told.tasks, key=lambda task: (names.get(task["ServiceID"], ""), task.get("Slot", 0)))
    units: dict[str, list[Unit]] = {}
    for task in tasks:
        units.setdefault(task.get("NodeID", ""), []).append(_task(task, names))
    waiting = tuple(units.get("", ()))
    services = sorted((_service(entry) for entry in told.services), key=lambda one: one.name)
    return Picture(tuple(_node(node, told, units) for node in nodes), tuple(services), waiting)


def _node(node: Node, told: Told, units: Mapping[str, Sequence[Unit]]) -> NodeSight:
    own = [_container(entry) for entry in told.containers.get(node.name, ()) if _TASK_LABEL not in _labels(entry)]
    own.sort(key=lambda unit: (not unit.runs, unit.name))
    member = _member(node.name, told.members)
    state = _own_state(node, told)
    if node.state is not NodeState.RUNNING:
        # For a while the swarm still believes that its tasks run.
        return NodeSight(node.name, _standing(member) if member else Standing.ALONE, state)
    if member is None:
        return NodeSight(node.name, Standing.ALONE, state, tuple(own))
    tasks = units.get(member["ID"], ())
    state = _member_state(member) if state == "ready" else state
    return NodeSight(node.name, _standing(member), state, (*tasks, *own))


def _own_state(node: Node, told: Told) -> str:
    if node.state is not NodeState.RUNNING:
        return node.state.value
    return "ready" if node.name in told.containers else "unreachable"


def _member(name: str, members: Iterable[Entry]) -> Entry | None:
    """Return the member of a name; one that has left stays listed beside what it has become."""
    found = [one for one in members if one.get("Description", {}).get("Hostname") == name]
    return min(found, key=lambda one: one["Status"]["State"] != "ready", default=None)


def _standing(member: Entry) -> Standing:
    if member.get("ManagerStatus", {}).get("Leader"):
        return Standing.LEADER
    return Standing.MANAGER if member["Spec"]["Role"] == "manager" else Standing.WORKER


def _member_state(member: Entry) -> str:
    state = str(member["Status"]["State"])
    if state != "ready":
        return state
    availability = member["Spec"]["Availability"]
    return {"drain": "drained", "pause": "paused"}.get(availability, "ready")


def _service(entry: Entry) -> ServiceSight:
    status = entry.get("ServiceStatus", {})
    ports = sorted({port["PublishedPort"] for port in entry.get("Endpoint", {}).get("Ports") or () if _open(port)})
    return ServiceSight(
        entry["Spec"]["Name"], status.get("RunningTasks", 0), status.get("DesiredTasks", 0), tuple(ports)
    )


def _open(port: Entry) -> bool:
    return bool(port.get("PublishedPort"))


def _task(task: Entry, names: Mapping[str, str]) -> Unit:
    name = names.get(task["ServiceID"], "a service that is gone")
    slot = task.get("Slot")
    return Unit(f"{name}.{slot}" if slot else name, task["Status"]["State"], is_task=True)


def _container(entry: Entry) -> Unit:
    name = next(iter(entry.get("Names") or ()), entry["Id"][:12]).lstrip("/")
    return Unit(name, entry["State"])


def _labels(entry: Entry) -> Entry:
    return entry.get("Labels") or {}
