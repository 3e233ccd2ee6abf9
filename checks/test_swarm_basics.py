"""The checks of the lab 'swarm-basics', in the order of its lesson."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checks import CheckNode, Nodes, Values, eventually, expect, fail, step
from checks.swarm import Member, Service, SwarmSnapshot, Task, with_swarm_snapshot
from checks.swarm_expectations import expect_all_nodes_ready, expect_long_task_history

_IMAGE = "nginx:alpine"
_NOTE = "/root/worker-token"
_RAFT = "/var/lib/docker/swarm/raft"
_KEEPS_OFF_MANAGERS = frozenset({"node.role==worker", "node.role!=manager"})

_LIST = "docker service ls"
_MEMBERS = "docker node ls"
_TOKENS = f"cat {_NOTE}; docker swarm join-token worker"


@step("one-engine")
def test_lonely_is_there(nodes: Nodes) -> None:
    """node1 has a container called lonely."""
    _state_of_lonely(nodes["node1"])


@step("one-engine")
def test_lonely_stays_dead(nodes: Nodes) -> None:
    """The container lonely is dead, and nothing has brought it back."""
    node = nodes["node1"]

    def probe() -> None:
        expect(node, f"lonely is {_state_of_lonely(node)}", "lonely is exited", see="docker ps --all")

    eventually(probe)


@step("create-swarm")
def test_node1_manages_a_swarm(nodes: Nodes) -> None:
    """node1 is a manager of a swarm."""
    node = nodes["node1"]
    info = _swarm_info(node)
    if info["LocalNodeState"] != "active":
        fail(node, "node1 is in no swarm", "node1 manages a swarm", "docker info")
    role = "a manager" if info["ControlAvailable"] else "a worker"
    expect(node, f"node1 is {role}", "node1 is a manager", see="docker info")


@step("create-swarm")
def test_node1_gives_its_own_address(nodes: Nodes) -> None:
    """node1 tells the swarm an address at which the other nodes can reach it."""
    node = nodes["node1"]
    given = _swarm_info(node)["NodeAddr"] or "none"
    expect(node, given, node.address, of="the address that node1 advertises", see="docker info")


@step("join-workers")
@with_swarm_snapshot
def test_all_are_ready_members(swarm: SwarmSnapshot) -> None:
    """node1, node2 and node3 are ready members of one swarm."""
    expect_all_nodes_ready(swarm)


@step("join-workers")
@with_swarm_snapshot
def test_two_are_workers(swarm: SwarmSnapshot) -> None:
    """node2 and node3 are workers."""
    for name in ("node2", "node3"):
        _expect_worker(swarm, swarm.find_member(name))


@step("join-workers")
@with_swarm_snapshot
def test_token_is_noted(swarm: SwarmSnapshot) -> None:
    """A worker token of this swarm is noted on node1, in /root/worker-token."""
    node, noted, valid = swarm.nodes["node1"], _noted_token(swarm), swarm.settings["JoinTokens"]
    if noted == valid["Manager"]:
        fail(node, f"{_NOTE} holds the token for managers", "it holds the token for workers", _TOKENS)
    if _family(noted) != _family(valid["Worker"]):
        fail(node, f"{_NOTE} holds no token of this swarm", "it holds the token for workers", _TOKENS)


@step("first-service")
@with_swarm_snapshot
def test_web_runs_nginx(swarm: SwarmSnapshot) -> None:
    """There is a service called web, made from the image nginx:alpine."""
    expect(swarm.manager, swarm.find_service("web").image, _IMAGE, of="the image of web", see=_inspect("web"))


@step("first-service")
@with_swarm_snapshot
def test_web_has_all_its_replicas(swarm: SwarmSnapshot) -> None:
    """The service web asks for at least two replicas, and has them all."""
    web = _replicated(swarm, "web")
    if web.replicas is None or web.replicas < 2:
        fail(swarm.manager, _wish(web), "web asks for 2 replicas or more", _LIST)
    _expect_running(swarm, web, web.replicas)


@step("scale")
@with_swarm_snapshot
def test_web_asks_for_five(swarm: SwarmSnapshot) -> None:
    """The desired state of web is five replicas."""
    _expect_replicas(swarm, _replicated(swarm, "web"), 5)


@step("scale")
@with_swarm_snapshot
def test_five_run(swarm: SwarmSnapshot) -> None:
    """The actual state of web is five running tasks."""
    _expect_running(swarm, _replicated(swarm, "web"), 5)


@step("self-healing")
@with_swarm_snapshot
def test_history_is_long(swarm: SwarmSnapshot) -> None:
    """The swarm remembers at least ten tasks for every replica."""
    expect_long_task_history(swarm)


@step("self-healing")
@with_swarm_snapshot
def test_killed_task_was_replaced(swarm: SwarmSnapshot) -> None:
    """A container of web was killed on a worker, and a new task has taken its place."""
    web = swarm.find_service("web")
    managers = {member.id for member in swarm.members if member.is_manager}
    killed = [task for task in swarm.list_tasks(web) if task.was_killed and task.node_id not in managers]
    if not killed:
        fail(swarm.manager, _ends(swarm, web), "one that failed with a non-zero exit on a worker", _history("web"))
    slots = {task.slot for task in swarm.list_running_tasks(web)}
    if not any(task.slot in slots for task in killed):
        seen = f"web.{killed[-1].slot} has failed and nothing runs in its place yet"
        fail(swarm.manager, seen, "a new task runs in its place", _history("web"))


@step("drain")
@with_swarm_snapshot
def test_node2_was_drained(swarm: SwarmSnapshot) -> None:
    """node2 has handed its tasks over in good order, and takes new ones again."""
    node2, web = swarm.find_member("node2"), swarm.find_service("web")
    if not any(_was_moved(swarm, web, task, node2) for task in swarm.list_tasks(web)):
        expected = "a task of web was shut down on node2 and started again elsewhere"
        fail(swarm.manager, "no task of web was moved off node2", expected, "docker node ps node2")
    _expect_active(swarm, node2)


@step("managers-and-raft")
@with_swarm_snapshot
def test_node2_was_promoted(swarm: SwarmSnapshot) -> None:
    """node2 has been a manager, and is a worker again."""
    _expect_worker(swarm, swarm.find_member("node2"))
    if swarm.run_once("node2", "test", "-d", _RAFT).exit_status:
        seen = "node2 has never been a manager of this swarm: it has no Raft folder"
        fail(swarm.nodes["node2"], seen, "node2 was promoted, then demoted", f"ls -d {_RAFT}")


@step("leave-and-return")
@with_swarm_snapshot
def test_node3_came_back(swarm: SwarmSnapshot) -> None:
    """node3 has left and joined anew, and nothing is left of its old membership."""
    node3 = swarm.find_member("node3")
    if node3.joined_at < swarm.find_service("web").created_at:
        seen = "node3 has been a member since before web was created"
        fail(swarm.manager, seen, "node3 left and joined anew", "docker node inspect --pretty node3")
    states = sorted(member.state for member in swarm.members if member.name == "node3")
    if states != ["ready"]:
        seen = f"node3 is listed {len(states)} times: {', '.join(states)}"
        fail(swarm.manager, seen, "node3 is listed once, as ready", _MEMBERS)
    _expect_active(swarm, node3)


@step("leave-and-return")
@with_swarm_snapshot
def test_old_token_is_worthless(swarm: SwarmSnapshot) -> None:
    """The worker token that was noted in /root/worker-token opens the swarm no longer."""
    if _noted_token(swarm) in swarm.settings["JoinTokens"].values():
        seen = f"the token in {_NOTE} still opens the swarm"
        fail(swarm.nodes["node1"], seen, "a new one has taken its place", _TOKENS)


@step("remove-service")
@with_swarm_snapshot
def test_clock_is_gone(swarm: SwarmSnapshot) -> None:
    """The service clock is removed, and web goes on."""
    swarm.find_service("web")
    clock = next((service for service in swarm.services if service.name == "clock"), None)
    if clock:
        fail(swarm.manager, f"{_wish(clock)}, so it is still there", "there is no service clock", _LIST)


@step("challenge")
@with_swarm_snapshot
def test_service_runs_four(swarm: SwarmSnapshot, values: Values) -> None:
    """Four replicas of <SERVICE> run, made from the image nginx:alpine."""
    name = values["SERVICE"]
    service = _replicated(swarm, name)
    expect(swarm.manager, service.image, _IMAGE, of=f"the image of {name}", see=_inspect(name))
    _expect_replicas(swarm, service, 4)
    _expect_running(swarm, service, 4)


@step("challenge")
@with_swarm_snapshot
def test_service_keeps_off_managers(swarm: SwarmSnapshot, values: Values) -> None:
    """The service <SERVICE> may run on workers only, whatever happens."""
    name = values["SERVICE"]
    service = swarm.find_service(name)
    if not _KEEPS_OFF_MANAGERS & {*service.constraints}:
        have = ", ".join(service.constraints) or "none"
        fail(swarm.manager, f"the constraints of {name}: {have}", "one that lets only workers run it", _inspect(name))
    managers = {member.id for member in swarm.members if member.is_manager}
    for task in swarm.list_running_tasks(service):
        if task.node_id in managers:
            where = swarm.find_node_name(task.node_id)
            fail(swarm.manager, f"{name}.{task.slot} runs on {where}", "it runs on a worker", _history(name))


@step("challenge")
@with_swarm_snapshot
def test_service_is_spread(swarm: SwarmSnapshot, values: Values) -> None:
    """No node may ever run more than two replicas of <SERVICE>."""
    name = values["SERVICE"]
    most = swarm.find_service(name).task_template.get("Placement", {}).get("MaxReplicas") or "any number"
    expect(swarm.manager, most, 2, of=f"replicas of {name} allowed on one node", see=_inspect(name))


@step("challenge")
@with_swarm_snapshot
def test_service_knows_its_stage(swarm: SwarmSnapshot, values: Values) -> None:
    """The containers of <SERVICE> get the environment variable STAGE with the value <STAGE>."""
    name, wanted = values["SERVICE"], f"STAGE={values['STAGE']}"
    given = swarm.find_service(name).environment
    if wanted not in given:
        have = ", ".join(given) or "empty"
        fail(swarm.manager, f"the environment of {name}: {have}", f"{wanted} is in it", _inspect(name))


@step("challenge")
@with_swarm_snapshot
def test_service_updates_gently(swarm: SwarmSnapshot, values: Values) -> None:
    """Updates of <SERVICE> go <PACE> at a time, and a new task starts before the old one stops."""
    name = values["SERVICE"]
    plan = swarm.find_service(name).spec.get("UpdateConfig") or {}
    given = f"{plan.get('Parallelism', 1)} at a time, {plan.get('Order', 'stop-first')}"
    wanted = f"{values['PACE']} at a time, start-first"
    expect(swarm.manager, given, wanted, of=f"updates of {name}", see=_inspect(name))


def _state_of_lonely(node: CheckNode) -> str:
    found = node.api.api.containers(all=True, filters={"name": "^/?lonely$"})
    if not found:
        fail(node, "there is no container called lonely", "a container called lonely", "docker ps --all")
    return str(found[0]["State"])


def _swarm_info(node: CheckNode) -> Mapping[str, Any]:
    found: Mapping[str, Any] = node.api.info()["Swarm"]
    return found


def _noted_token(swarm: SwarmSnapshot) -> str:
    token = swarm.run_once("node1", "cat", _NOTE).text.strip()
    if not token:
        fail(
            swarm.nodes["node1"], f"{_NOTE} is missing or empty", "the token for workers is noted in it", f"cat {_NOTE}"
        )
    return token


def _family(token: str) -> str:
    """Return what all tokens of one swarm have in common: all but the secret at the end."""
    return token.rpartition("-")[0]


def _inspect(service: str) -> str:
    return f"docker service inspect --pretty {service}"


def _history(service: str) -> str:
    return f"docker service ps {service}"


def _wish(service: Service) -> str:
    if service.replicas is None:
        return f"{service.name} is a {service.mode} service"
    return f"{service.name} asks for {service.replicas} replica{'' if service.replicas == 1 else 's'}"


def _replicated(swarm: SwarmSnapshot, name: str) -> Service:
    service = swarm.find_service(name)
    if service.mode != "replicated":
        fail(swarm.manager, _wish(service), f"{name} is a replicated service", _LIST)
    return service


def _expect_replicas(swarm: SwarmSnapshot, service: Service, count: int) -> None:
    expect(swarm.manager, _wish(service), f"{service.name} asks for {count} replicas", see=_LIST)


def _expect_running(swarm: SwarmSnapshot, service: Service, count: int) -> None:
    running = len(swarm.list_running_tasks(service))
    expect(swarm.manager, running, count, of=f"running tasks of {service.name}", see=_history(service.name))


def _expect_worker(swarm: SwarmSnapshot, member: Member) -> None:
    expect(swarm.manager, f"{member.name} is {member.role}", f"{member.name} is a worker", see=_MEMBERS)


def _expect_active(swarm: SwarmSnapshot, member: Member) -> None:
    expect(swarm.manager, member.availability, "active", of=f"the availability of {member.name}", see=_MEMBERS)


def _ends(swarm: SwarmSnapshot, service: Service) -> str:
    ends = sorted(
        {
            f"{_end(task)} on {swarm.find_node_name(task.node_id)}"
            for task in swarm.list_tasks(service)
            if task.has_ended
        }
    )
    return f"tasks of {service.name} that have ended: {', '.join(ends) or 'none'}"


def _end(task: Task) -> str:
    # The engine's words are 'task: non-zero exit (137)' or 'No such container: web.1.o96gxexzhhae'.
    reason = task.error.removeprefix("task: ").split(": ", maxsplit=1)[0]
    return f"{task.state} with {reason}" if reason else task.state


def _was_moved(swarm: SwarmSnapshot, service: Service, task: Task, member: Member) -> bool:
    """Whether a task was shut down on a member and started elsewhere unchanged, which an update would not do."""
    heir = swarm.find_successor(service, task)
    if task.node_id != member.id or task.state != "shutdown" or heir is None:
        return False
    return heir.node_id != member.id and heir.spec == task.spec
