"""A snapshot of a cluster's nodes, services, tasks and containers, built from responses of the Docker API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from runner.nodes.driver_interface import Node, NodeState

_TASK_LABEL = "com.docker.swarm.task.id"
_RUNNING = "running"
_READY = "ready"
_DRAINED = "drained"
_PAUSED = "paused"

# An object in a response of the Docker API.
ApiObject = Mapping[str, Any]


class SwarmRole(StrEnum):
    """The role of a node in the swarm."""

    NOT_IN_SWARM = "no swarm"
    WORKER = "worker"
    MANAGER = "manager"
    LEADER = "leader"


@dataclass(frozen=True, slots=True)
class Workload:
    """A task of a service, or a container outside any service.

    Attributes:
        name: The task's name, such as 'web.1', or the container's name.
        state: Its state as Docker names it: 'running', 'preparing', 'exited', ...
        is_task: Whether it is a task.

    """

    name: str
    state: str = _RUNNING
    is_task: bool = False

    @property
    def is_running(self) -> bool:
        """Whether it is running."""
        return self.state == _RUNNING


@dataclass(frozen=True, slots=True)
class NodeSnapshot:
    """One node at one moment.

    Attributes:
        name: The node's name.
        swarm_role: Its role in the swarm.
        state: 'ready', or why it is not: 'stopped', 'unreachable', 'down', 'drained', 'paused', ...
        workloads: Its tasks and containers.

    """

    name: str
    swarm_role: SwarmRole = SwarmRole.NOT_IN_SWARM
    state: str = _READY
    workloads: tuple[Workload, ...] = ()

    @property
    def is_ready(self) -> bool:
        """Whether it is reachable and accepts tasks."""
        return self.state == _READY

    @property
    def is_drained_or_paused(self) -> bool:
        """Whether the learner has drained or paused it."""
        return self.state in (_DRAINED, _PAUSED)


@dataclass(frozen=True, slots=True)
class ServiceSnapshot:
    """One service at one moment, with the numbers of its running and desired tasks."""

    name: str
    running_tasks: int
    desired_tasks: int
    published_ports: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ClusterSnapshot:
    """All nodes and services at one moment.

    Attributes:
        nodes: The nodes, in the order of the topology.
        services: The swarm's services, by name.
        unassigned_tasks: Tasks that the swarm has not assigned to a node.

    """

    nodes: tuple[NodeSnapshot, ...] = ()
    services: tuple[ServiceSnapshot, ...] = ()
    unassigned_tasks: tuple[Workload, ...] = ()

    @property
    def is_settled(self) -> bool:
        """Whether the swarm has reached its desired state, so that nothing changes without a new command."""
        tasks = [workload for node in self.nodes for workload in node.workloads if workload.is_task]
        return (
            not self.unassigned_tasks
            and all(node.is_ready or node.is_drained_or_paused for node in self.nodes)
            and all(service.running_tasks == service.desired_tasks for service in self.services)
            and all(task.is_running for task in tasks)
        )


@dataclass(frozen=True, slots=True)
class ApiResponses:
    """The responses of the node engines.

    Attributes:
        swarm_nodes: The response to `GET /nodes`; empty if no node manages a swarm.
        services: The response to `GET /services`.
        tasks: The response to `GET /tasks`, only tasks that should be running.
        containers: The response of each node to `GET /containers/json`, by node name; nodes that did not answer are
            missing.

    """

    swarm_nodes: Sequence[ApiObject] = ()
    services: Sequence[ApiObject] = ()
    tasks: Sequence[ApiObject] = ()
    containers: Mapping[str, Sequence[ApiObject]] = field(default_factory=dict)


def build_cluster_snapshot(nodes: Iterable[Node], responses: ApiResponses) -> ClusterSnapshot:
    """Return the snapshot of a cluster.

    Args:
        nodes: The cluster's nodes.
        responses: What their engines have answered.

    """
    service_names = {service["ID"]: service["Spec"]["Name"] for service in responses.services}
    tasks = sorted(responses.tasks, key=lambda task: (service_names.get(task["ServiceID"], ""), task.get("Slot", 0)))
    tasks_by_node: dict[str, list[Workload]] = {}
    for task in tasks:
        tasks_by_node.setdefault(task.get("NodeID", ""), []).append(_parse_task(task, service_names))
    services = sorted(map(_parse_service, responses.services), key=lambda service: service.name)
    return ClusterSnapshot(
        nodes=tuple(_build_node(node, responses, tasks_by_node) for node in nodes),
        services=tuple(services),
        unassigned_tasks=tuple(tasks_by_node.get("", ())),
    )


def _build_node(node: Node, responses: ApiResponses, tasks_by_node: Mapping[str, Sequence[Workload]]) -> NodeSnapshot:
    containers = [
        _parse_container(container)
        for container in responses.containers.get(node.name, ())
        if _TASK_LABEL not in (container.get("Labels") or {})
    ]
    containers.sort(key=lambda container: (not container.is_running, container.name))
    swarm_node = _find_swarm_node(node.name, responses.swarm_nodes)
    role = _parse_role(swarm_node) if swarm_node else SwarmRole.NOT_IN_SWARM
    if node.state is not NodeState.RUNNING:
        # Its tasks are left out: for a while, the swarm still reports them as running.
        return NodeSnapshot(node.name, role, node.state.value)
    is_reachable = node.name in responses.containers
    if swarm_node is None:
        return NodeSnapshot(node.name, role, _READY if is_reachable else "unreachable", tuple(containers))
    state = _parse_node_state(swarm_node) if is_reachable else "unreachable"
    return NodeSnapshot(node.name, role, state, (*tasks_by_node.get(swarm_node["ID"], ()), *containers))


def _find_swarm_node(name: str, swarm_nodes: Iterable[ApiObject]) -> ApiObject | None:
    """Return the swarm's entry for a node; a node that left and joined again has a second entry, which is down."""
    entries = [entry for entry in swarm_nodes if entry.get("Description", {}).get("Hostname") == name]
    return min(entries, key=lambda entry: entry["Status"]["State"] != "ready", default=None)


def _parse_role(swarm_node: ApiObject) -> SwarmRole:
    if swarm_node.get("ManagerStatus", {}).get("Leader"):
        return SwarmRole.LEADER
    return SwarmRole.MANAGER if swarm_node["Spec"]["Role"] == "manager" else SwarmRole.WORKER


def _parse_node_state(swarm_node: ApiObject) -> str:
    state = str(swarm_node["Status"]["State"])
    if state != _READY:
        return state
    availability = swarm_node["Spec"]["Availability"]
    return {"drain": _DRAINED, "pause": _PAUSED}.get(availability, _READY)


def _parse_service(service: ApiObject) -> ServiceSnapshot:
    status = service.get("ServiceStatus", {})
    ports = service.get("Endpoint", {}).get("Ports") or ()
    published_ports = sorted({port["PublishedPort"] for port in ports if port.get("PublishedPort")})
    return ServiceSnapshot(
        name=service["Spec"]["Name"],
        running_tasks=status.get("RunningTasks", 0),
        desired_tasks=status.get("DesiredTasks", 0),
        published_ports=tuple(published_ports),
    )


def _parse_task(task: ApiObject, service_names: Mapping[str, str]) -> Workload:
    name = service_names.get(task["ServiceID"], "a removed service")
    slot = task.get("Slot")
    return Workload(f"{name}.{slot}" if slot else name, task["Status"]["State"], is_task=True)


def _parse_container(container: ApiObject) -> Workload:
    name = next(iter(container.get("Names") or ()), container["Id"][:12]).lstrip("/")
    return Workload(name, container["State"])
