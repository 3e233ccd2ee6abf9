"""What a swarm says of itself, in the words that checks use: its members, its services and their tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Concatenate, NoReturn, TypeVar

from docker.errors import APIError

from checks.expect import NotYet, fail
from checks.lab_nodes import CheckNode, Nodes
from checks.shared_client import Shared, asked_of

if TYPE_CHECKING:
    from runner.nodes.driver_interface import ExecResult

T = TypeVar("T")
G = TypeVar("G", bound="Glance")
_NO_LEADER = "does not have a leader"
_LOCKED = "needs to be unlocked"
_NO_MANAGER = 503
# What the learner's Docker client puts before and after the name that was typed.
_DEFAULT_REGISTRY = "docker.io/"
_DEFAULT_REPOSITORY = "library/"
_MODES = {
    "Replicated": "replicated",
    "Global": "global",
    "ReplicatedJob": "replicated-job",
    "GlobalJob": "global-job",
}
_OVER = frozenset({"complete", "shutdown", "failed", "rejected", "remove", "orphaned"})


@dataclass(frozen=True, slots=True)
class Member:
    """A node as the swarm lists it; a node that has left stays listed, as down, until it is removed.

    Attributes:
        id: Its id, a new one each time it joins.
        name: Its host name.
        is_manager: Whether it is meant to be a manager.
        state: 'ready', 'down', 'unknown' or 'disconnected'.
        availability: 'active', 'pause' or 'drain'.
        joined: When it joined.
        labels: The labels that the swarm has for it.

    """

    id: str
    name: str
    is_manager: bool
    state: str
    availability: str
    joined: datetime
    labels: Mapping[str, str]

    @property
    def role(self) -> str:
        """The role in a clause: 'a manager' or 'a worker'."""
        return "a manager" if self.is_manager else "a worker"


@dataclass(frozen=True, slots=True)
class Service:
    """A service as it is wished for.

    Attributes:
        id: Its id.
        name: Its name.
        image: The image as it was typed, without registry and digest.
        mode: 'replicated', 'global', 'replicated-job' or 'global-job'.
        replicas: How many tasks are wished for, if it is replicated.
        created: When it was created.
        spec: The whole wish, as the Docker API has it.

    """

    id: str
    name: str
    image: str
    mode: str
    replicas: int | None
    created: datetime
    spec: Mapping[str, Any]

    @property
    def template(self) -> Mapping[str, Any]:
        """What every task of it is made from."""
        found: Mapping[str, Any] = self.spec["TaskTemplate"]
        return found

    @property
    def environment(self) -> tuple[str, ...]:
        """The variables its containers get, as 'NAME=value'."""
        return tuple(self.template["ContainerSpec"].get("Env") or ())

    @property
    def constraints(self) -> tuple[str, ...]:
        """Its placement constraints, without spaces."""
        found = self.template.get("Placement", {}).get("Constraints") or ()
        return tuple(constraint.replace(" ", "") for constraint in found)


@dataclass(frozen=True, slots=True)
class Task:
    """One attempt to run a container for a slot of a service.

    Attributes:
        id: Its id.
        slot: Which replica it is for; 0 in a global service.
        node_id: The id of the member it was given to, which may have left since; empty if none.
        wanted: The state it should be in: 'running', 'shutdown', ...
        state: The state it is in: 'running', 'shutdown', 'failed', 'complete', ...
        error: What went wrong with it, if anything.
        container: The id of its container; empty if it has none yet.
        pid: The number of the container's first process on its node; 0 if it has none yet.
        created: When it was created.
        spec: What it was made from.

    """

    id: str
    slot: int
    node_id: str
    wanted: str
    state: str
    error: str
    container: str
    pid: int
    created: datetime
    spec: Mapping[str, Any]

    @property
    def runs(self) -> bool:
        """Whether it runs and should."""
        return self.state == self.wanted == "running"

    @property
    def is_over(self) -> bool:
        """Whether it has ended for good."""
        return self.state in _OVER

    @property
    def was_killed(self) -> bool:
        """Whether its container ended badly by itself; what an engine loses in a restart counts as failed too."""
        # 255 is what containerd says of an end that it has not seen.
        return self.state == "failed" and "non-zero exit" in self.error and "(255)" not in self.error


class Glance:
    """What the swarm says at one moment; every fact is asked for once, when it is first needed.

    Args:
        nodes: The cluster's nodes.

    """

    def __init__(self, nodes: Nodes) -> None:
        self.nodes = nodes
        self._tasks: dict[str, tuple[Task, ...]] = {}
        self._typed: dict[tuple[str, ...], ExecResult] = {}
        self._known: dict[object, Any] = {}

    @property
    def manager(self) -> CheckNode:
        """The first node that manages the swarm, which all else is asked of."""
        return self._listing[0]

    @cached_property
    def members(self) -> tuple[Member, ...]:
        """All members, those that are down included."""
        return tuple(_member(entry) for entry in self._listing[1])

    @cached_property
    def services(self) -> tuple[Service, ...]:
        """All services."""
        return tuple(_service(entry) for entry in self._ask(self.manager.api.api.services))

    @cached_property
    def settings(self) -> Mapping[str, Any]:
        """What `docker swarm inspect` shows; it holds the join tokens, so never put it in a message."""
        found: Mapping[str, Any] = self._ask(self.manager.api.api.inspect_swarm)
        return found

    def member(self, name: str) -> Member:
        """Return the member of a name, one that is ready if there are several.

        Raises:
            NotYet: There is none.

        """
        found = sorted((one for one in self.members if one.name == name), key=lambda one: one.state != "ready")
        if not found:
            self._fail_absent(name)
        return found[0]

    def service(self, name: str) -> Service:
        """Return the service of a name.

        Raises:
            NotYet: There is none.

        """
        found = next((service for service in self.services if service.name == name), None)
        if found is None:
            names = ", ".join(sorted(service.name for service in self.services))
            have = f"the only services are {names}" if names else "there is no service"
            fail(self.manager, have, f"a service called {name}", "docker service ls")
        return found

    def tasks(self, service: Service) -> tuple[Task, ...]:
        """Return all tasks of a service that the swarm remembers, oldest first."""
        if service.id not in self._tasks:
            found = self._ask(lambda: self.manager.api.api.tasks({"service": service.id}))
            self._tasks[service.id] = tuple(sorted((_task(entry) for entry in found), key=lambda task: task.created))
        return self._tasks[service.id]

    def running(self, service: Service) -> tuple[Task, ...]:
        """Return the tasks of a service that run and should."""
        return tuple(task for task in self.tasks(service) if task.runs)

    def successor(self, service: Service, task: Task) -> Task | None:
        """Return the task that took a task's place in its slot, or None."""
        later = (one for one in self.tasks(service) if one.slot == task.slot and one.created > task.created)
        return next(later, None)

    def typed(self, name: str, *argv: str) -> ExecResult:
        """Return what a command that only reads says on the node of a name."""
        key = (name, *argv)
        if key not in self._typed:
            self._typed[key] = self.nodes[name].run(*argv)
        return self._typed[key]

    def once(self, key: object, ask: Callable[[], T]) -> T:
        """Return what a question of a check's own was answered with, and ask it only the first time."""
        if key not in self._known:
            self._known[key] = ask()
        found: T = self._known[key]
        return found

    def name_of(self, member_id: str) -> str:
        """Return the name of a member, or words for one that has left."""
        found = next((member.name for member in self.members if member.id == member_id), None)
        return found or ("a node that has left" if member_id else "no node")

    @cached_property
    def _listing(self) -> tuple[CheckNode, list[dict[str, Any]]]:
        for node in self.nodes.values():
            try:
                return node, node.api.api.nodes()
            except APIError as error:
                _refuse_leaderless(node, error)
                _refuse_locked(node, error)
                if error.status_code != _NO_MANAGER:
                    raise
        first = next(iter(self.nodes))
        raise NotYet(first, "none of the nodes manages a swarm", "a swarm, with a node that manages it", "docker info")

    def _ask(self, question: Callable[[], Any]) -> Any:
        try:
            return question()
        except APIError as error:
            _refuse_leaderless(self.manager, error)
            raise

    def _fail_absent(self, name: str) -> NoReturn:
        expected = f"{name} is a member of the swarm that {self.manager.name} manages"
        if name in self.nodes and self.nodes[name].api.info()["Swarm"]["LocalNodeState"] == "active":
            fail(self.nodes[name], f"{name} is in another swarm", expected, "docker info")
        fail(self.manager, f"{name} is not in the swarm", expected, "docker node ls")


class Swarm(Shared[Glance]):
    """The cluster's swarm.

    Args:
        nodes: The cluster's nodes.

    """

    def __init__(self, nodes: Nodes) -> None:
        super().__init__(lambda: Glance(nodes))


def settled(check: Callable[Concatenate[G, ...], None]) -> Callable[..., None]:
    """Make a check of what the swarm says; it is asked again while the swarm is still settling.

        @step("scale")
        @settled
        def test_five_run(now: Glance) -> None:
            '''The actual state of web is five running tasks.'''

    What a check names beside `now` are fixtures. A lab's test file may have a fixture `swarm` of its own, whose looks
    are of a class that adds to `Glance`.
    """
    return asked_of("swarm", check)


def _refuse_leaderless(node: CheckNode, error: APIError) -> None:
    if _NO_LEADER in str(error.explanation):
        raise NotYet(
            node.name, "the swarm has no leader", "more than half of the managers reach each other", "docker node ls"
        ) from error


def _refuse_locked(node: CheckNode, error: APIError) -> None:
    if _LOCKED in str(error.explanation):
        seen, expected = f"{node.name} has locked its swarm when it restarted", "it is unlocked"
        raise NotYet(node.name, seen, expected, "docker swarm unlock") from error


def _member(entry: Mapping[str, Any]) -> Member:
    spec = entry["Spec"]
    return Member(
        id=entry["ID"],
        name=entry.get("Description", {}).get("Hostname", ""),
        is_manager=spec["Role"] == "manager",
        state=entry["Status"]["State"],
        availability=spec["Availability"],
        joined=datetime.fromisoformat(entry["CreatedAt"]),
        labels=spec.get("Labels") or {},
    )


def _service(entry: Mapping[str, Any]) -> Service:
    spec = entry["Spec"]
    mode = next(iter(spec["Mode"]))
    return Service(
        id=entry["ID"],
        name=spec["Name"],
        image=_typed_image(spec["TaskTemplate"]["ContainerSpec"]["Image"]),
        mode=_MODES.get(mode, mode),
        replicas=spec["Mode"][mode].get("Replicas"),
        created=datetime.fromisoformat(entry["CreatedAt"]),
        spec=spec,
    )


def _typed_image(image: str) -> str:
    name = image.split("@", maxsplit=1)[0].removeprefix(_DEFAULT_REGISTRY).removeprefix(_DEFAULT_REPOSITORY)
    return name if ":" in name.rsplit("/", maxsplit=1)[-1] else f"{name}:latest"


def _task(entry: Mapping[str, Any]) -> Task:
    status = entry["Status"]
    container = status.get("ContainerStatus") or {}
    return Task(
        id=entry["ID"],
        slot=entry.get("Slot", 0),
        node_id=entry.get("NodeID", ""),
        wanted=entry["DesiredState"],
        state=status["State"],
        error=status.get("Err", ""),
        container=container.get("ContainerID", ""),
        pid=container.get("PID", 0),
        created=datetime.fromisoformat(entry["CreatedAt"]),
        spec=entry["Spec"],
    )
