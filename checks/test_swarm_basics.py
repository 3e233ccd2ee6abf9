"""The checks of the lab 'swarm-basics', in the order of its lesson."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checks import CheckNode, Nodes, Values, eventually, expect, fail, step
from checks.swarm import Glance, Member, Service, Task, settled
from checks.swarm_expectations import expect_long_history, expect_ready

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
@settled
def test_all_are_ready_members(now: Glance) -> None:
    """node1, node2 and node3 are ready members of one swarm."""
    expect_ready(now)


@step("join-workers")
@settled
def test_two_are_workers(now: Glance) -> None:
    """node2 and node3 are workers."""
    for name in ("node2", "node3"):
        _expect_worker(now, now.member(name))


@step("join-workers")
@settled
def test_token_is_noted(now: Glance) -> None:
    """A worker token of this swarm is noted on node1, in /root/worker-token."""
    node, noted, valid = now.nodes["node1"], _noted_token(now), now.settings["JoinTokens"]
    if noted == valid["Manager"]:
        fail(node, f"{_NOTE} holds the token for managers", "it holds the token for workers", _TOKENS)
    if _family(noted) != _family(valid["Worker"]):
        fail(node, f"{_NOTE} holds no token of this swarm", "it holds the token for workers", _TOKENS)


@step("first-service")
@settled
def test_web_runs_nginx(now: Glance) -> None:
    """There is a service called web, made from the image nginx:alpine."""
    expect(now.manager, now.service("web").image, _IMAGE, of="the image of web", see=_inspect("web"))


@step("first-service")
@settled
def test_web_has_all_its_replicas(now: Glance) -> None:
    """The service web asks for at least two replicas, and has them all."""
    web = _replicated(now, "web")
    if web.replicas is None or web.replicas < 2:
        fail(now.manager, _wish(web), "web asks for 2 replicas or more", _LIST)
    _expect_running(now, web, web.replicas)


@step("scale")
@settled
def test_web_asks_for_five(now: Glance) -> None:
    """The desired state of web is five replicas."""
    _expect_replicas(now, _replicated(now, "web"), 5)


@step("scale")
@settled
def test_five_run(now: Glance) -> None:
    """The actual state of web is five running tasks."""
    _expect_running(now, _replicated(now, "web"), 5)


@step("self-healing")
@settled
def test_history_is_long(now: Glance) -> None:
    """The swarm remembers at least ten tasks for every replica."""
    expect_long_history(now)


@step("self-healing")
@settled
def test_killed_task_was_replaced(now: Glance) -> None:
    """A container of web was killed on a worker, and a new task has taken its place."""
    web = now.service("web")
    managers = {member.id for member in now.members if member.is_manager}
    killed = [task for task in now.tasks(web) if task.was_killed and task.node_id not in managers]
    if not killed:
        fail(now.manager, _ends(now, web), "one that failed with a non-zero exit on a worker", _history("web"))
    slots = {task.slot for task in now.running(web)}
    if not any(task.slot in slots for task in killed):
        seen = f"web.{killed[-1].slot} has failed and nothing runs in its place yet"
        fail(now.manager, seen, "a new task runs in its place", _history("web"))


@step("drain")
@settled
def test_node2_was_drained(now: Glance) -> None:
    """node2 has handed its tasks over in good order, and takes new ones again."""
    node2, web = now.member("node2"), now.service("web")
    if not any(_was_moved(now, web, task, node2) for task in now.tasks(web)):
        expected = "a task of web was shut down on node2 and started again elsewhere"
        fail(now.manager, "no task of web was moved off node2", expected, "docker node ps node2")
    _expect_active(now, node2)


@step("managers-and-raft")
@settled
def test_node2_was_promoted(now: Glance) -> None:
    """node2 has been a manager, and is a worker again."""
    _expect_worker(now, now.member("node2"))
    if now.typed("node2", "test", "-d", _RAFT).exit_status:
        seen = "node2 has never been a manager of this swarm: it has no Raft folder"
        fail(now.nodes["node2"], seen, "node2 was promoted, then demoted", f"ls -d {_RAFT}")


@step("leave-and-return")
@settled
def test_node3_came_back(now: Glance) -> None:
    """node3 has left and joined anew, and nothing is left of its old membership."""
    node3 = now.member("node3")
    if node3.joined < now.service("web").created:
        seen = "node3 has been a member since before web was created"
        fail(now.manager, seen, "node3 left and joined anew", "docker node inspect --pretty node3")
    states = sorted(member.state for member in now.members if member.name == "node3")
    if states != ["ready"]:
        seen = f"node3 is listed {len(states)} times: {', '.join(states)}"
        fail(now.manager, seen, "node3 is listed once, as ready", _MEMBERS)
    _expect_active(now, node3)


@step("leave-and-return")
@settled
def test_old_token_is_worthless(now: Glance) -> None:
    """The worker token that was noted in /root/worker-token opens the swarm no longer."""
    if _noted_token(now) in now.settings["JoinTokens"].values():
        seen = f"the token in {_NOTE} still opens the swarm"
        fail(now.nodes["node1"], seen, "a new one has taken its place", _TOKENS)


@step("remove-service")
@settled
def test_clock_is_gone(now: Glance) -> None:
    """The service clock is removed, and web goes on."""
    now.service("web")
    clock = next((service for service in now.services if service.name == "clock"), None)
    if clock:
        fail(now.manager, f"{_wish(clock)}, so it is still there", "there is no service clock", _LIST)


@step("challenge")
@settled
def test_service_runs_four(now: Glance, values: Values) -> None:
    """Four replicas of <SERVICE> run, made from the image nginx:alpine."""
    name = values["SERVICE"]
    service = _replicated(now, name)
    expect(now.manager, service.image, _IMAGE, of=f"the image of {name}", see=_inspect(name))
    _expect_replicas(now, service, 4)
    _expect_running(now, service, 4)


@step("challenge")
@settled
def test_service_keeps_off_managers(now: Glance, values: Values) -> None:
    """The service <SERVICE> may run on workers only, whatever happens."""
    name = values["SERVICE"]
    service = now.service(name)
    if not _KEEPS_OFF_MANAGERS & {*service.constraints}:
        have = ", ".join(service.constraints) or "none"
        fail(now.manager, f"the constraints of {name}: {have}", "one that lets only workers run it", _inspect(name))
    managers = {member.id for member in now.members if member.is_manager}
    for task in now.running(service):
        if task.node_id in managers:
            where = now.name_of(task.node_id)
            fail(now.manager, f"{name}.{task.slot} runs on {where}", "it runs on a worker", _history(name))


@step("challenge")
@settled
def test_service_is_spread(now: Glance, values: Values) -> None:
    """No node may ever run more than two replicas of <SERVICE>."""
    name = values["SERVICE"]
    most = now.service(name).template.get("Placement", {}).get("MaxReplicas") or "any number"
    expect(now.manager, most, 2, of=f"replicas of {name} allowed on one node", see=_inspect(name))


@step("challenge")
@settled
def test_service_knows_its_stage(now: Glance, values: Values) -> None:
    """The containers of <SERVICE> get the environment variable STAGE with the value <STAGE>."""
    name, wanted = values["SERVICE"], f"STAGE={values['STAGE']}"
    given = now.service(name).environment
    if wanted not in given:
        have = ", ".join(given) or "empty"
        fail(now.manager, f"the environment of {name}: {have}", f"{wanted} is in it", _inspect(name))


@step("challenge")
@settled
def test_service_updates_gently(now: Glance, values: Values) -> None:
    """Updates of <SERVICE> go <PACE> at a time, and a new task starts before the old one stops."""
    name = values["SERVICE"]
    plan = now.service(name).spec.get("UpdateConfig") or {}
    given = f"{plan.get('Parallelism', 1)} at a time, {plan.get('Order', 'stop-first')}"
    wanted = f"{values['PACE']} at a time, start-first"
    expect(now.manager, given, wanted, of=f"updates of {name}", see=_inspect(name))


def _state_of_lonely(node: CheckNode) -> str:
    found = node.api.api.containers(all=True, filters={"name": "^/?lonely$"})
    if not found:
        fail(node, "there is no container called lonely", "a container called lonely", "docker ps --all")
    return str(found[0]["State"])


def _swarm_info(node: CheckNode) -> Mapping[str, Any]:
    found: Mapping[str, Any] = node.api.info()["Swarm"]
    return found


def _noted_token(now: Glance) -> str:
    token = now.typed("node1", "cat", _NOTE).text.strip()
    if not token:
        fail(now.nodes["node1"], f"{_NOTE} is missing or empty", "the token for workers is noted in it", f"cat {_NOTE}")
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


def _replicated(now: Glance, name: str) -> Service:
    service = now.service(name)
    if service.mode != "replicated":
        fail(now.manager, _wish(service), f"{name} is a replicated service", _LIST)
    return service


def _expect_replicas(now: Glance, service: Service, count: int) -> None:
    expect(now.manager, _wish(service), f"{service.name} asks for {count} replicas", see=_LIST)


def _expect_running(now: Glance, service: Service, count: int) -> None:
    running = len(now.running(service))
    expect(now.manager, running, count, of=f"running tasks of {service.name}", see=_history(service.name))


def _expect_worker(now: Glance, member: Member) -> None:
    expect(now.manager, f"{member.name} is {member.role}", f"{member.name} is a worker", see=_MEMBERS)


def _expect_active(now: Glance, member: Member) -> None:
    expect(now.manager, member.availability, "active", of=f"the availability of {member.name}", see=_MEMBERS)


def _ends(now: Glance, service: Service) -> str:
    ends = sorted({f"{_end(task)} on {now.name_of(task.node_id)}" for task in now.tasks(service) if task.is_over})
    return f"tasks of {service.name} that have ended: {', '.join(ends) or 'none'}"


def _end(task: Task) -> str:
    # The engine's words are 'task: non-zero exit (137)' or 'No such container: web.1.o96gxexzhhae'.
    reason = task.error.removeprefix("task: ").split(": ", maxsplit=1)[0]
    return f"{task.state} with {reason}" if reason else task.state


def _was_moved(now: Glance, service: Service, task: Task, member: Member) -> bool:
    """Whether a task was shut down on a member and started elsewhere unchanged, which an update would not do."""
    heir = now.successor(service, task)
    if task.node_id != member.id or task.state != "shutdown" or heir is None:
        return False
    return heir.node_id != member.id and heir.spec == task.spec
