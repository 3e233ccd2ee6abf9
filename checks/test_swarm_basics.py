"""Checks of the lab 'swarm-basics', in lesson order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checks import CheckNode, Nodes, Values, eventually, expect_equal, fail, step
from checks.swarm import Member, Service, SwarmSnapshot, Task, with_swarm_snapshot
from checks.swarm_expectations import expect_all_nodes_ready, expect_long_task_history

_IMAGE = "nginx:alpine"
_NOTE_FILE = "/root/worker-token"
_RAFT_FOLDER = "/var/lib/docker/swarm/raft"
_WORKER_CONSTRAINTS = frozenset({"node.role==worker", "node.role!=manager"})

_LIST_SERVICES = "docker service ls"
_LIST_NODES = "docker node ls"
_SHOW_TOKENS = f"cat {_NOTE_FILE}; docker swarm join-token worker"


@step("one-engine")
def test_lonely_exists(nodes: Nodes) -> None:
    """node1 has a container called lonely."""
    _read_state_of_lonely(nodes["node1"])


@step("one-engine")
def test_lonely_is_not_restarted(nodes: Nodes) -> None:
    """The container lonely has exited, and nothing has restarted it."""
    node = nodes["node1"]

    def probe() -> None:
        expect_equal(node, f"lonely is {_read_state_of_lonely(node)}", "lonely is exited", see="docker ps --all")

    eventually(probe)


@step("create-swarm")
def test_node1_manages_a_swarm(nodes: Nodes) -> None:
    """node1 is a manager of a swarm."""
    node = nodes["node1"]
    info = _read_swarm_info(node)
    if info["LocalNodeState"] != "active":
        fail(node, "node1 is not in a swarm", "node1 manages a swarm", "docker info")
    role = "a manager" if info["ControlAvailable"] else "a worker"
    expect_equal(node, f"node1 is {role}", "node1 is a manager", see="docker info")


@step("create-swarm")
def test_node1_advertises_its_address(nodes: Nodes) -> None:
    """node1 advertises an address at which the other nodes can reach it."""
    node = nodes["node1"]
    address = _read_swarm_info(node)["NodeAddr"] or "none"
    expect_equal(node, address, node.address, of="the address that node1 advertises", see="docker info")


@step("join-workers")
@with_swarm_snapshot
def test_all_nodes_are_ready(swarm: SwarmSnapshot) -> None:
    """node1, node2 and node3 are ready members of one swarm."""
    expect_all_nodes_ready(swarm)


@step("join-workers")
@with_swarm_snapshot
def test_node2_and_node3_are_workers(swarm: SwarmSnapshot) -> None:
    """node2 and node3 are workers."""
    for name in ("node2", "node3"):
        _expect_worker(swarm, swarm.require_member(name))


@step("join-workers")
@with_swarm_snapshot
def test_worker_token_is_saved(swarm: SwarmSnapshot) -> None:
    """The file /root/worker-token on node1 contains a worker token of this swarm."""
    node, saved, valid = swarm.nodes["node1"], _read_saved_token(swarm), swarm.swarm_settings["JoinTokens"]
    if saved == valid["Manager"]:
        fail(node, f"{_NOTE_FILE} holds the token for managers", "it holds the token for workers", _SHOW_TOKENS)
    if _strip_token_secret(saved) != _strip_token_secret(valid["Worker"]):
        fail(node, f"{_NOTE_FILE} holds no token of this swarm", "it holds the token for workers", _SHOW_TOKENS)


@step("first-service")
@with_swarm_snapshot
def test_web_runs_nginx(swarm: SwarmSnapshot) -> None:
    """The service web exists and uses the image nginx:alpine."""
    expect_equal(
        swarm.manager, swarm.require_service("web").image, _IMAGE, of="the image of web", see=_inspect_command("web")
    )


@step("first-service")
@with_swarm_snapshot
def test_all_web_replicas_run(swarm: SwarmSnapshot) -> None:
    """The service web asks for at least two replicas, and all of them run."""
    web = _find_replicated_service(swarm, "web")
    if web.replicas is None or web.replicas < 2:
        fail(swarm.manager, _describe_replicas(web), "web asks for 2 replicas or more", _LIST_SERVICES)
    _expect_running(swarm, web, web.replicas)


@step("scale")
@with_swarm_snapshot
def test_web_declares_five_replicas(swarm: SwarmSnapshot) -> None:
    """The desired state of web is five replicas."""
    _expect_replicas(swarm, _find_replicated_service(swarm, "web"), 5)


@step("scale")
@with_swarm_snapshot
def test_five_web_replicas_run(swarm: SwarmSnapshot) -> None:
    """The actual state of web is five running tasks."""
    _expect_running(swarm, _find_replicated_service(swarm, "web"), 5)


@step("self-healing")
@with_swarm_snapshot
def test_task_history_is_long(swarm: SwarmSnapshot) -> None:
    """The swarm keeps at least ten tasks per replica in its task history."""
    expect_long_task_history(swarm)


@step("self-healing")
@with_swarm_snapshot
def test_killed_task_was_replaced(swarm: SwarmSnapshot) -> None:
    """A container of web was killed on a worker, and a new task has replaced it."""
    web = swarm.require_service("web")
    managers = {member.id for member in swarm.members if member.is_manager}
    killed = [task for task in swarm.list_tasks(web) if task.has_exited_with_error and task.node_id not in managers]
    if not killed:
        fail(
            swarm.manager,
            _describe_ended_tasks(swarm, web),
            "a task that failed with a non-zero exit on a worker",
            _history_command("web"),
        )
    slots = {task.slot for task in swarm.list_running_tasks(web)}
    if not any(task.slot in slots for task in killed):
        observed = f"web.{killed[-1].slot} has failed and no task has replaced it yet"
        fail(swarm.manager, observed, "a new task has replaced it", _history_command("web"))


@step("drain")
@with_swarm_snapshot
def test_node2_was_drained(swarm: SwarmSnapshot) -> None:
    """node2 was drained of its tasks, and is active again."""
    node2, web = swarm.require_member("node2"), swarm.require_service("web")
    if not any(_was_moved_away(swarm, web, task, node2) for task in swarm.list_tasks(web)):
        expected = "a task of web was shut down on node2 and started again elsewhere"
        fail(swarm.manager, "no task of web was moved off node2", expected, "docker node ps node2")
    _expect_active(swarm, node2)


@step("managers-and-raft")
@with_swarm_snapshot
def test_node2_was_promoted(swarm: SwarmSnapshot) -> None:
    """node2 has been a manager, and is a worker again."""
    _expect_worker(swarm, swarm.require_member("node2"))
    if swarm.run_command_once("node2", "test", "-d", _RAFT_FOLDER).exit_status:
        observed = "node2 has never been a manager of this swarm: it has no Raft folder"
        fail(swarm.nodes["node2"], observed, "node2 was promoted, then demoted", f"ls -d {_RAFT_FOLDER}")


@step("leave-and-return")
@with_swarm_snapshot
def test_node3_rejoined(swarm: SwarmSnapshot) -> None:
    """node3 has left the swarm and joined it again, and its old entry is removed."""
    node3 = swarm.require_member("node3")
    if node3.joined_at < swarm.require_service("web").created_at:
        observed = "node3 joined before web was created, and has not left since"
        fail(swarm.manager, observed, "node3 left and joined again", "docker node inspect --pretty node3")
    states = sorted(member.state for member in swarm.members if member.name == "node3")
    if states != ["ready"]:
        observed = f"node3 is listed {len(states)} times: {', '.join(states)}"
        fail(swarm.manager, observed, "node3 is listed once, as ready", _LIST_NODES)
    _expect_active(swarm, node3)


@step("leave-and-return")
@with_swarm_snapshot
def test_old_token_is_invalid(swarm: SwarmSnapshot) -> None:
    """The worker token in /root/worker-token is no longer valid."""
    if _read_saved_token(swarm) in swarm.swarm_settings["JoinTokens"].values():
        observed = f"the token in {_NOTE_FILE} is still valid"
        fail(swarm.nodes["node1"], observed, "it was replaced by a new token", _SHOW_TOKENS)


@step("remove-service")
@with_swarm_snapshot
def test_clock_is_removed(swarm: SwarmSnapshot) -> None:
    """The service clock is removed, and web still exists."""
    swarm.require_service("web")
    clock = next((service for service in swarm.services if service.name == "clock"), None)
    if clock:
        fail(
            swarm.manager,
            f"{_describe_replicas(clock)}, so it is still there",
            "there is no service clock",
            _LIST_SERVICES,
        )


@step("challenge")
@with_swarm_snapshot
def test_service_runs_four_replicas(swarm: SwarmSnapshot, values: Values) -> None:
    """Four replicas of <SERVICE> run, with the image nginx:alpine."""
    name = values["SERVICE"]
    service = _find_replicated_service(swarm, name)
    expect_equal(swarm.manager, service.image, _IMAGE, of=f"the image of {name}", see=_inspect_command(name))
    _expect_replicas(swarm, service, 4)
    _expect_running(swarm, service, 4)


@step("challenge")
@with_swarm_snapshot
def test_service_runs_on_workers_only(swarm: SwarmSnapshot, values: Values) -> None:
    """A placement constraint lets <SERVICE> run on workers only."""
    name = values["SERVICE"]
    service = swarm.require_service(name)
    if not _WORKER_CONSTRAINTS & {*service.constraints}:
        constraints = ", ".join(service.constraints) or "none"
        observed = f"the constraints of {name}: {constraints}"
        fail(swarm.manager, observed, "a constraint that lets only workers run it", _inspect_command(name))
    managers = {member.id for member in swarm.members if member.is_manager}
    for task in swarm.list_running_tasks(service):
        if task.node_id in managers:
            member = swarm.describe_member(task.node_id)
            fail(swarm.manager, f"{name}.{task.slot} runs on {member}", "it runs on a worker", _history_command(name))


@step("challenge")
@with_swarm_snapshot
def test_service_limits_replicas_per_node(swarm: SwarmSnapshot, values: Values) -> None:
    """No node may run more than two replicas of <SERVICE>."""
    name = values["SERVICE"]
    limit = swarm.require_service(name).task_template.get("Placement", {}).get("MaxReplicas") or "any number"
    expect_equal(swarm.manager, limit, 2, of=f"replicas of {name} allowed on one node", see=_inspect_command(name))


@step("challenge")
@with_swarm_snapshot
def test_service_has_stage_variable(swarm: SwarmSnapshot, values: Values) -> None:
    """The containers of <SERVICE> have the environment variable STAGE with the value <STAGE>."""
    name, expected = values["SERVICE"], f"STAGE={values['STAGE']}"
    environment = swarm.require_service(name).environment
    if expected not in environment:
        variables = ", ".join(environment) or "empty"
        fail(swarm.manager, f"the environment of {name}: {variables}", f"{expected} is in it", _inspect_command(name))


@step("challenge")
@with_swarm_snapshot
def test_service_has_update_settings(swarm: SwarmSnapshot, values: Values) -> None:
    """Updates of <SERVICE> replace <PACE> tasks at a time, and start each new task before the old one stops."""
    name = values["SERVICE"]
    config = swarm.require_service(name).spec.get("UpdateConfig") or {}
    observed = f"{config.get('Parallelism', 1)} at a time, {config.get('Order', 'stop-first')}"
    expected = f"{values['PACE']} at a time, start-first"
    expect_equal(swarm.manager, observed, expected, of=f"updates of {name}", see=_inspect_command(name))


def _read_state_of_lonely(node: CheckNode) -> str:
    containers = node.api.api.containers(all=True, filters={"name": "^/?lonely$"})
    if not containers:
        fail(node, "there is no container called lonely", "a container called lonely", "docker ps --all")
    return str(containers[0]["State"])


def _read_swarm_info(node: CheckNode) -> Mapping[str, Any]:
    info: Mapping[str, Any] = node.api.info()["Swarm"]
    return info


def _read_saved_token(swarm: SwarmSnapshot) -> str:
    token = swarm.run_command_once("node1", "cat", _NOTE_FILE).stdout_text.strip()
    if not token:
        fail(
            swarm.nodes["node1"],
            f"{_NOTE_FILE} is missing or empty",
            "it holds the token for workers",
            f"cat {_NOTE_FILE}",
        )
    return token


def _strip_token_secret(token: str) -> str:
    """Return the part that all tokens of one swarm share: everything except the secret at the end."""
    return token.rpartition("-")[0]


def _inspect_command(service: str) -> str:
    return f"docker service inspect --pretty {service}"


def _history_command(service: str) -> str:
    return f"docker service ps {service}"


def _describe_replicas(service: Service) -> str:
    if service.replicas is None:
        return f"{service.name} is a {service.mode} service"
    return f"{service.name} asks for {service.replicas} replica{'' if service.replicas == 1 else 's'}"


def _find_replicated_service(swarm: SwarmSnapshot, name: str) -> Service:
    service = swarm.require_service(name)
    if service.mode != "replicated":
        fail(swarm.manager, _describe_replicas(service), f"{name} is a replicated service", _LIST_SERVICES)
    return service


def _expect_replicas(swarm: SwarmSnapshot, service: Service, count: int) -> None:
    expect_equal(
        swarm.manager, _describe_replicas(service), f"{service.name} asks for {count} replicas", see=_LIST_SERVICES
    )


def _expect_running(swarm: SwarmSnapshot, service: Service, count: int) -> None:
    running = len(swarm.list_running_tasks(service))
    expect_equal(
        swarm.manager, running, count, of=f"running tasks of {service.name}", see=_history_command(service.name)
    )


def _expect_worker(swarm: SwarmSnapshot, member: Member) -> None:
    expect_equal(swarm.manager, f"{member.name} is {member.role_phrase}", f"{member.name} is a worker", see=_LIST_NODES)


def _expect_active(swarm: SwarmSnapshot, member: Member) -> None:
    expect_equal(swarm.manager, member.availability, "active", of=f"the availability of {member.name}", see=_LIST_NODES)


def _describe_ended_tasks(swarm: SwarmSnapshot, service: Service) -> str:
    ended = sorted(
        {
            f"{_describe_task_end(task)} on {swarm.describe_member(task.node_id)}"
            for task in swarm.list_tasks(service)
            if task.has_ended
        }
    )
    return f"tasks of {service.name} that have ended: {', '.join(ended) or 'none'}"


def _describe_task_end(task: Task) -> str:
    # The engine reports 'task: non-zero exit (137)' or 'No such container: web.1.o96gxexzhhae'.
    reason = task.error.removeprefix("task: ").split(": ", maxsplit=1)[0]
    return f"{task.state} with {reason}" if reason else task.state


def _was_moved_away(swarm: SwarmSnapshot, service: Service, task: Task, member: Member) -> bool:
    """Return whether a task was moved off a member unchanged, as a drain does; an update would change the task spec."""
    successor = swarm.find_replacement_task(service, task)
    if task.node_id != member.id or task.state != "shutdown" or successor is None:
        return False
    return successor.node_id != member.id and successor.spec == task.spec
