"""Read a swarm's state as one snapshot: its members, its services and their tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Concatenate, NoReturn, TypeVar

from docker.errors import APIError

from checks.expect import NotYet, fail
from checks.lab_nodes import CheckNode, Nodes
from checks.shared_snapshot import SharedSnapshot, make_snapshot_test

if TYPE_CHECKING:
    from runner.nodes.driver_interface import ExecResult

T = TypeVar("T")
S = TypeVar("S", bound="SwarmSnapshot")
_NO_LEADER = "does not have a leader"
_LOCKED = "needs to be unlocked"
_NOT_A_MANAGER_STATUS = 503
# What the Docker client adds in front of an image name without a registry.
_DEFAULT_REGISTRY = "docker.io/"
_DEFAULT_NAMESPACE = "library/"
_MODES = {
    "Replicated": "replicated",
    "Global": "global",
    "ReplicatedJob": "replicated-job",
    "GlobalJob": "global-job",
}
_FINAL_STATES = frozenset({"complete", "shutdown", "failed", "rejected", "remove", "orphaned"})


@dataclass(frozen=True, slots=True)
class Member:
    """A node as the swarm lists it; a node that has left stays listed as down until it is removed.

    Attributes:
        id: Its id, a new one each time the node joins.
        name: Its host name.
        is_manager: Whether its desired role is manager.
        state: 'ready', 'down', 'unknown' or 'disconnected'.
        availability: 'active', 'pause' or 'drain'.
        joined_at: When the node joined.
        labels: Its node labels.

    """

    id: str
    name: str
    is_manager: bool
    state: str
    availability: str
    joined_at: datetime
    labels: Mapping[str, str]

    @property
    def role_phrase(self) -> str:
        """The role as part of a sentence: 'a manager' or 'a worker'."""
        return "a manager" if self.is_manager else "a worker"


@dataclass(frozen=True, slots=True)
class Service:
    """A service as it is declared.

    Attributes:
        id: Its id.
        name: Its name.
        image: The image as the learner typed it, without the default registry and the digest.
        mode: 'replicated', 'global', 'replicated-job' or 'global-job'.
        replicas: The declared number of replicas; None if the service is not replicated.
        created_at: When it was created.
        spec: The complete service spec, as the Docker API returns it.

    """

    id: str
    name: str
    image: str
    mode: str
    replicas: int | None
    created_at: datetime
    spec: Mapping[str, Any]

    @property
    def task_template(self) -> Mapping[str, Any]:
        """The template from which the swarm creates the service's tasks."""
        template: Mapping[str, Any] = self.spec["TaskTemplate"]
        return template

    @property
    def environment(self) -> tuple[str, ...]:
        """The environment variables of its containers, as 'NAME=value'."""
        return tuple(self.task_template["ContainerSpec"].get("Env") or ())

    @property
    def constraints(self) -> tuple[str, ...]:
        """Its placement constraints, without spaces."""
        constraints = self.task_template.get("Placement", {}).get("Constraints") or ()
        return tuple(constraint.replace(" ", "") for constraint in constraints)


@dataclass(frozen=True, slots=True)
class Task:
    """One attempt to run a container for a slot of a service.

    Attributes:
        id: Its id.
        slot: The number of the replica that it belongs to; 0 in a global service.
        node_id: The id of the member it is assigned to, which may have left since; empty if unassigned.
        desired_state: The state that the swarm wants it to be in: 'running', 'shutdown', ...
        state: The state that it is in: 'running', 'shutdown', 'failed', 'complete', ...
        error: The error message of a failed task; empty if there is none.
        container_id: The id of its container; empty if it does not have one yet.
        pid: The id of the container's first process on its node; 0 if it does not have one yet.
        created_at: When it was created.
        spec: The task spec that it was created from.

    """

    id: str
    slot: int
    node_id: str
    desired_state: str
    state: str
    error: str
    container_id: str
    pid: int
    created_at: datetime
    spec: Mapping[str, Any]

    @property
    def is_running(self) -> bool:
        """Whether the task runs and is meant to run."""
        return self.state == self.desired_state == "running"

    @property
    def has_ended(self) -> bool:
        """Whether the task has reached a final state."""
        return self.state in _FINAL_STATES

    @property
    def has_exited_with_error(self) -> bool:
        """Whether the container ended with an error, and was not merely lost when an engine restarted."""
        # A restarted engine reports lost tasks as failed too: containerd gives 255 for an exit that it has not seen.
        return self.state == "failed" and "non-zero exit" in self.error and "(255)" not in self.error


class SwarmSnapshot:
    """The state of the swarm at one moment; each query is sent once, when its result is first needed.

    Args:
        nodes: The cluster's nodes.

    """

    def __init__(self, nodes: Nodes) -> None:
        self.nodes = nodes
        self._tasks: dict[str, tuple[Task, ...]] = {}
        self._command_results: dict[tuple[str, ...], ExecResult] = {}
        self._query_results: dict[object, Any] = {}

    @property
    def manager(self) -> CheckNode:
        """The first node that manages the swarm; it answers all other queries."""
        return self._manager_and_nodes[0]

    @cached_property
    def members(self) -> tuple[Member, ...]:
        """All members, including those that are down."""
        return tuple(_parse_member(entry) for entry in self._manager_and_nodes[1])

    @cached_property
    def services(self) -> tuple[Service, ...]:
        """All services."""
        return tuple(_parse_service(entry) for entry in self._query(self.manager.api.api.services))

    @cached_property
    def swarm_settings(self) -> Mapping[str, Any]:
        """The output of `docker swarm inspect`; it contains the join tokens, so never put it in a message."""
        settings: Mapping[str, Any] = self._query(self.manager.api.api.inspect_swarm)
        return settings

    def require_member(self, name: str) -> Member:
        """Return the member with a name, preferably a ready one if there are several.

        Raises:
            NotYet: There is no such member.

        """
        members = [member for member in self.members if member.name == name]
        if not members:
            self._fail_not_a_member(name)
        return min(members, key=lambda member: member.state != "ready")

    def require_service(self, name: str) -> Service:
        """Return the service with a name.

        Raises:
            NotYet: There is no such service.

        """
        service = next((service for service in self.services if service.name == name), None)
        if service is None:
            names = ", ".join(sorted(service.name for service in self.services))
            observed = f"the only services are {names}" if names else "there is no service"
            fail(self.manager, observed, f"a service called {name}", "docker service ls")
        return service

    def list_tasks(self, service: Service) -> tuple[Task, ...]:
        """Return all tasks of a service in the swarm's task history, oldest first."""
        if service.id not in self._tasks:
            entries = self._query(lambda: self.manager.api.api.tasks({"service": service.id}))
            tasks = [_parse_task(entry) for entry in entries]
            self._tasks[service.id] = tuple(sorted(tasks, key=lambda task: task.created_at))
        return self._tasks[service.id]

    def list_running_tasks(self, service: Service) -> tuple[Task, ...]:
        """Return the tasks of a service that run and are meant to run."""
        return tuple(task for task in self.list_tasks(service) if task.is_running)

    def find_replacement_task(self, service: Service, task: Task) -> Task | None:
        """Return the task that replaced a task in its slot, or None."""
        tasks = self.list_tasks(service)
        successors = (other for other in tasks if other.slot == task.slot and other.created_at > task.created_at)
        return next(successors, None)

    def run_command_once(self, name: str, *argv: str) -> ExecResult:
        """Return the result of a read-only command on a node; the command runs only the first time."""
        key = (name, *argv)
        if key not in self._command_results:
            self._command_results[key] = self.nodes[name].run_command(*argv)
        return self._command_results[key]

    def query_once(self, key: object, query: Callable[[], T]) -> T:
        """Return the result of a check's own query; the query is sent only the first time."""
        if key not in self._query_results:
            self._query_results[key] = query()
        result: T = self._query_results[key]
        return result

    def describe_member(self, member_id: str) -> str:
        """Return the name of a member, or a description if it has left the swarm."""
        name = next((member.name for member in self.members if member.id == member_id), None)
        return name or ("a node that has left" if member_id else "no node")

    @cached_property
    def _manager_and_nodes(self) -> tuple[CheckNode, list[dict[str, Any]]]:
        for node in self.nodes.values():
            try:
                return node, node.api.api.nodes()
            except APIError as error:
                _fail_without_leader(node, error)
                _fail_if_locked(node, error)
                if error.status_code != _NOT_A_MANAGER_STATUS:
                    raise
        first_node = next(iter(self.nodes))
        raise NotYet(first_node, "none of the nodes manages a swarm", "one of the nodes manages a swarm", "docker info")

    def _query(self, query: Callable[[], Any]) -> Any:
        try:
            return query()
        except APIError as error:
            _fail_without_leader(self.manager, error)
            raise

    def _fail_not_a_member(self, name: str) -> NoReturn:
        expected = f"{name} is a member of the swarm that {self.manager.name} manages"
        if name in self.nodes and self.nodes[name].api.info()["Swarm"]["LocalNodeState"] == "active":
            fail(self.nodes[name], f"{name} is in another swarm", expected, "docker info")
        fail(self.manager, f"{name} is not in the swarm", expected, "docker node ls")


class SharedSwarmSnapshot(SharedSnapshot[SwarmSnapshot]):
    """The snapshot of the cluster's swarm that all checks of a run share.

    Args:
        nodes: The cluster's nodes.

    """

    def __init__(self, nodes: Nodes) -> None:
        super().__init__(lambda: SwarmSnapshot(nodes))


def with_swarm_snapshot(check: Callable[Concatenate[S, ...], None]) -> Callable[..., None]:
    """Decorate a check of the swarm: it gets a snapshot, and runs again on a new one while the swarm is still settling.

        @step("scale")
        @with_swarm_snapshot
        def test_five_web_replicas_run(swarm: SwarmSnapshot) -> None:
            '''The actual state of web is five running tasks.'''

    The check's other parameters are fixtures. The checks of a lab may define their own fixture `swarm`, with snapshots
    of a subclass of `SwarmSnapshot`.
    """
    return make_snapshot_test("swarm", check)


def _fail_without_leader(node: CheckNode, error: APIError) -> None:
    if _NO_LEADER in str(error.explanation):
        raise NotYet(
            node.name, "the swarm has no leader", "more than half of the managers reach each other", "docker node ls"
        ) from error


def _fail_if_locked(node: CheckNode, error: APIError) -> None:
    if _LOCKED in str(error.explanation):
        observed = f"{node.name} restarted and has locked its swarm"
        raise NotYet(node.name, observed, "the swarm is unlocked", "docker swarm unlock") from error


def _parse_member(entry: Mapping[str, Any]) -> Member:
    spec = entry["Spec"]
    return Member(
        id=entry["ID"],
        name=entry.get("Description", {}).get("Hostname", ""),
        is_manager=spec["Role"] == "manager",
        state=entry["Status"]["State"],
        availability=spec["Availability"],
        joined_at=datetime.fromisoformat(entry["CreatedAt"]),
        labels=spec.get("Labels") or {},
    )


def _parse_service(entry: Mapping[str, Any]) -> Service:
    spec = entry["Spec"]
    mode = next(iter(spec["Mode"]))
    return Service(
        id=entry["ID"],
        name=spec["Name"],
        image=_strip_image_defaults(spec["TaskTemplate"]["ContainerSpec"]["Image"]),
        mode=_MODES.get(mode, mode),
        replicas=spec["Mode"][mode].get("Replicas"),
        created_at=datetime.fromisoformat(entry["CreatedAt"]),
        spec=spec,
    )


def _strip_image_defaults(image: str) -> str:
    name = image.split("@", maxsplit=1)[0].removeprefix(_DEFAULT_REGISTRY).removeprefix(_DEFAULT_NAMESPACE)
    return name if ":" in name.rsplit("/", maxsplit=1)[-1] else f"{name}:latest"


def _parse_task(entry: Mapping[str, Any]) -> Task:
    status = entry["Status"]
    container = status.get("ContainerStatus") or {}
    return Task(
        id=entry["ID"],
        slot=entry.get("Slot", 0),
        node_id=entry.get("NodeID", ""),
        desired_state=entry["DesiredState"],
        state=status["State"],
        error=status.get("Err", ""),
        container_id=container.get("ContainerID", ""),
        pid=container.get("PID", 0),
        created_at=datetime.fromisoformat(entry["CreatedAt"]),
        spec=entry["Spec"],
    )
