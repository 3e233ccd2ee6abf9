"""The checks of the lab 'voting-app', in the order of its lesson."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from checks import expect, fail, step
from checks.placement_constraints import filter_eligible_members
from checks.service_networks import find_shared_networks, list_swarm_networks
from checks.swarm import Service, SwarmSnapshot, Task, with_swarm_snapshot
from checks.swarm_expectations import expect_long_task_history
from checks.voting_app import (
    SERVICES,
    STACK,
    Visit,
    fetch_page_titles,
    fetch_vote_counts,
    find_app_service,
    read_visit_log,
    read_waiting_votes,
)

_NODES = {"node1": "a manager", "node2": "a worker", "node3": "a worker"}
_VOTE = "dockersamples/examplevotingapp_vote"
_IMAGES = {
    "vote": _VOTE,
    "redis": "redis",
    "worker": "dockersamples/examplevotingapp_worker",
    "db": "postgres",
    "result": "dockersamples/examplevotingapp_result",
}
_BEFORE, _AFTER = f"{_VOTE}:before", f"{_VOTE}:after"
_MEET = (("vote", "redis"), ("worker", "redis"), ("worker", "db"), ("result", "db"))
_KEEP_APART = (("vote", "db"), ("vote", "result"), ("redis", "db"), ("redis", "result"))
_DATA = "/var/lib/postgresql/data"
_LABEL = "com.docker.stack.namespace"
_SCHOOL = "school"
_CATS, _TEA = "Cats vs Dogs!", "Tea vs Coffee!"
_VOTERS = 3
_ABSENCE = 30
_WAITING = "/root/waiting"
_SECOND = 10**9

_LIST = "docker service ls"
_MEMBERS = "docker node ls"
_NETWORKS = "docker network ls"


@step("form-swarm")
@with_swarm_snapshot
def test_all_are_members(swarm: SwarmSnapshot) -> None:
    """node1 manages a swarm, and node2 and node3 are ready workers of it."""
    for name, role in _NODES.items():
        member = swarm.find_member(name)
        expect(swarm.manager, f"{name} is {member.state}", f"{name} is ready", see=_MEMBERS)
        expect(swarm.manager, f"{name} is {member.role}", f"{name} is {role}", see=_MEMBERS)


@step("form-swarm")
@with_swarm_snapshot
def test_history_is_long(swarm: SwarmSnapshot) -> None:
    """The swarm remembers at least ten tasks for every replica."""
    expect_long_task_history(swarm)


@step("networks")
@with_swarm_snapshot
def test_frontend_spans_nodes(swarm: SwarmSnapshot) -> None:
    """There is a network called frontend, and it spans all nodes."""
    _expect_overlay(swarm, "frontend")


@step("networks")
@with_swarm_snapshot
def test_backend_spans_nodes(swarm: SwarmSnapshot) -> None:
    """There is a network called backend, and it spans all nodes."""
    _expect_overlay(swarm, "backend")


@step("by-hand")
@with_swarm_snapshot
def test_five_run(swarm: SwarmSnapshot) -> None:
    """All replicas of vote, redis, worker, db and result run, and vote has two or more."""
    for name in SERVICES:
        _expect_complete(swarm, find_app_service(swarm, name), _IMAGES[name])
    vote = find_app_service(swarm, "vote")
    if (vote.replicas or 0) < 2:
        fail(swarm.manager, f"{vote.name} asks for {vote.replicas} replicas", "it asks for 2 or more", _LIST)


@step("by-hand")
@with_swarm_snapshot
def test_those_meet_who_must(swarm: SwarmSnapshot) -> None:
    """The parts vote and worker reach redis, worker and result reach db, and nobody else meets on a network."""
    found = {name: find_app_service(swarm, name) for name in SERVICES}
    for one, other in _MEET:
        if not find_shared_networks(swarm, found[one], found[other]):
            seen = f"{found[one].name} and {found[other].name} share no network"
            fail(swarm.manager, seen, f"{one} and {other} share a network", _inspect(found[one]))
    for one, other in _KEEP_APART:
        if shared := find_shared_networks(swarm, found[one], found[other]):
            seen = f"{found[one].name} and {found[other].name} meet on {', '.join(sorted(shared))}"
            fail(swarm.manager, seen, f"{one} and {other} share no network", _inspect(found[one]))


@step("by-hand")
@with_swarm_snapshot
def test_data_stay(swarm: SwarmSnapshot) -> None:
    """The database keeps its data on the volume db-data, and may run only on the node where that is."""
    db = find_app_service(swarm, "db")
    expect(
        swarm.manager, _volume(db) or "no volume", "db-data", of=f"what {db.name} keeps its data on", see=_inspect(db)
    )
    _expect_one_candidate(swarm, db)


@step("by-hand")
@with_swarm_snapshot
def test_every_door_leads_in(swarm: SwarmSnapshot) -> None:
    """On every node port 80 shows the page to vote on, and port 5001 tells the result."""
    for name, title in fetch_page_titles(swarm, 80).items():
        if " vs " not in title:
            seen = f"port 80 of {name} shows something else"
            fail(swarm.nodes[name], seen, "it shows the page to vote on", f"curl http://{name}/")
    fetch_vote_counts(swarm, 5001)


@step("cast-votes")
@with_swarm_snapshot
def test_votes_arrive(swarm: SwarmSnapshot) -> None:
    """The votes of three voters or more have arrived in the result, whichever node is asked for it."""
    _expect_votes(swarm)


@step("stack-file")
@with_swarm_snapshot
def test_stack_stands(swarm: SwarmSnapshot) -> None:
    """The five services run as the stack voting, and none of those made by hand is left."""
    see = f"docker stack services {STACK}"
    for name in SERVICES:
        service = swarm.find_service(f"{STACK}_{name}")
        owner = service.spec.get("Labels", {}).get(_LABEL, "none")
        expect(swarm.manager, owner, STACK, of=f"the stack that {service.name} belongs to", see=see)
        _expect_complete(swarm, service, _IMAGES[name])
    left = sorted(service.name for service in swarm.services if service.name in SERVICES)
    if left:
        fail(swarm.manager, f"{', '.join(left)} made by hand runs beside the stack", "only the stack is left", _LIST)


@step("stack-file")
@with_swarm_snapshot
def test_votes_moved_in(swarm: SwarmSnapshot) -> None:
    """The database of the stack uses the volume db-data on its one node, and the votes are still there."""
    db = swarm.find_service(f"{STACK}_db")
    expect(
        swarm.manager, _volume(db) or "no volume", "db-data", of=f"what {db.name} keeps its data on", see=_inspect(db)
    )
    _expect_one_candidate(swarm, db)
    _expect_votes(swarm)


@step("stack-file")
@with_swarm_snapshot
def test_vote_updates_gently(swarm: SwarmSnapshot) -> None:
    """Updates and rollbacks of voting_vote go one at a time, new first, and an update that fails is rolled back."""
    vote = swarm.find_service(f"{STACK}_vote")
    plan = vote.spec.get("UpdateConfig") or {}
    given = f"{_pace(vote, 'UpdateConfig')}, on failure {plan.get('FailureAction', 'pause')}"
    of = f"updates of {vote.name}"
    expect(swarm.manager, given, "1 at a time, start-first, on failure rollback", of=of, see=_inspect(vote))
    of = f"rollbacks of {vote.name}"
    expect(swarm.manager, _pace(vote, "RollbackConfig"), "1 at a time, start-first", of=of, see=_inspect(vote))


@step("stack-file")
@with_swarm_snapshot
def test_worker_takes_its_time(swarm: SwarmSnapshot) -> None:
    """The worker runs on node2, and comes back half a minute or more after its end, whatever its end was."""
    worker = swarm.find_service(f"{STACK}_worker")
    names = sorted(member.name for member in filter_eligible_members(swarm.members, worker.constraints))
    expect(swarm.manager, ", ".join(names), "node2", of=f"nodes that may run {worker.name}", see=_inspect(worker))
    policy = worker.task_template.get("RestartPolicy") or {}
    condition, delay = policy.get("Condition", "any"), policy.get("Delay", 5 * _SECOND) // _SECOND
    if condition != "any" or delay < _ABSENCE:
        seen = f"{worker.name} comes back on {condition}, after {delay} s"
        fail(swarm.manager, seen, f"it comes back on any, after {_ABSENCE} s or more", _inspect(worker))


@step("worker-dies")
@with_swarm_snapshot
def test_worker_was_replaced(swarm: SwarmSnapshot) -> None:
    """The worker was killed, and a new one runs in its place."""
    worker = swarm.find_service(f"{STACK}_worker")
    if not any(task.was_killed for task in swarm.list_tasks(worker)):
        ends = sorted({task.state for task in swarm.list_tasks(worker) if task.has_ended})
        seen = f"tasks of {worker.name} that have ended: {', '.join(ends) or 'none'}"
        fail(swarm.manager, seen, "one that was killed, and so has failed", _history(worker))
    if not swarm.list_running_tasks(worker):
        fail(swarm.manager, f"no task of {worker.name} runs", "a new one runs in its place", _history(worker))


@step("worker-dies")
@with_swarm_snapshot
def test_votes_waited(swarm: SwarmSnapshot) -> None:
    """Votes waited in redis while there was no worker, as is noted in /root/waiting on node1, and none has got lost."""
    number, node = read_waiting_votes(swarm), swarm.nodes["node1"]
    if number is None:
        fail(node, f"there is no number in {_WAITING}", "it says how many votes waited", f"cat {_WAITING}")
    if not number:
        fail(node, f"0 votes waited, says {_WAITING}", "one or more waited", f"cat {_WAITING}")
    _expect_votes(swarm)


@step("rolling-update")
@with_swarm_snapshot
def test_all_replicas_were_new(swarm: SwarmSnapshot) -> None:
    """Every replica of voting_vote runs the version after, or has run it."""
    vote = swarm.find_service(f"{STACK}_vote")
    new = {
        task.slot for task in swarm.list_tasks(vote) if _image(task) == _AFTER and task.state in ("running", "shutdown")
    }
    for task in swarm.list_running_tasks(vote):
        if task.slot not in new:
            seen = f"{vote.name}.{task.slot} has never run {_AFTER}"
            fail(swarm.manager, seen, "it has", _history(vote))


@step("rolling-update")
@with_swarm_snapshot
def test_update_lost_nobody(swarm: SwarmSnapshot) -> None:
    """The visitors 'update' saw the old page at first and the new one at last, and no visit failed."""
    _expect_unnoticed(swarm, "update", _CATS, _TEA)


@step("rollback")
@with_swarm_snapshot
def test_rollback_lost_nobody(swarm: SwarmSnapshot) -> None:
    """The visitors 'rollback' saw the new page at first and the old one at last, and no visit failed."""
    _expect_unnoticed(swarm, "rollback", _TEA, _CATS)


@step("rollback")
@with_swarm_snapshot
def test_broken_one_was_taken_back(swarm: SwarmSnapshot) -> None:
    """A version of voting_vote that did not work was tried, failed, and was taken back."""
    vote = swarm.find_service(f"{STACK}_vote")
    failed = [task for task in swarm.list_tasks(vote) if task.was_killed or task.state == "rejected"]
    broken = [task for task in failed if _container(task) != _wish(vote)]
    if not broken:
        seen = f"no version of {vote.name} has failed, or the one that did is still wished for"
        fail(swarm.manager, seen, "one has, and was taken back", _history(vote))


@step("rollback", after=["rolling-update"])
@with_swarm_snapshot
def test_cats_are_back(swarm: SwarmSnapshot) -> None:
    """All replicas of voting_vote run the version before, and every node asks for cats or dogs."""
    vote = swarm.find_service(f"{STACK}_vote")
    expect(swarm.manager, vote.image, _BEFORE, of=f"the image of {vote.name}", see=_inspect(vote))
    _expect_complete(swarm, vote, _VOTE)
    for name, title in fetch_page_titles(swarm, 80).items():
        expect(swarm.nodes[name], title, _CATS, of=f"the page on port 80 of {name}", see=f"curl http://{name}/")


@step("challenge")
@with_swarm_snapshot
def test_school_stands(swarm: SwarmSnapshot) -> None:
    """The stack school runs the five services, with the version after of vote, on networks of its own."""
    found = {name: swarm.find_service(f"{_SCHOOL}_{name}") for name in SERVICES}
    for name, service in found.items():
        _expect_complete(swarm, service, _IMAGES[name])
    expect(swarm.manager, found["vote"].image, _AFTER, of="the image of school_vote", see=_inspect(found["vote"]))
    for name, service in found.items():
        shared = find_shared_networks(swarm, service, swarm.find_service(f"{STACK}_{name}"))
        if shared:
            seen = f"{service.name} and {STACK}_{name} meet on {', '.join(sorted(shared))}"
            fail(swarm.manager, seen, "the two stacks share no network", _inspect(service))


@step("challenge")
@with_swarm_snapshot
def test_school_is_asked(swarm: SwarmSnapshot) -> None:
    """On every node port 8080 asks for tea or coffee, and port 8081 shows the result of that."""
    for port in (8080, 8081):
        for name, title in fetch_page_titles(swarm, port).items():
            if "Tea vs Coffee" not in title:
                seen = f"port {port} of {name} shows '{title}'"
                fail(swarm.nodes[name], seen, "it speaks of Tea vs Coffee", f"curl http://{name}:{port}/")


@step("challenge")
@with_swarm_snapshot
def test_school_is_spread(swarm: SwarmSnapshot) -> None:
    """Three replicas of school_vote run, and no node may ever run two of them."""
    vote = swarm.find_service(f"{_SCHOOL}_vote")
    expect(swarm.manager, vote.replicas, 3, of="replicas of school_vote", see=_LIST)
    most = vote.task_template.get("Placement", {}).get("MaxReplicas") or "any number"
    expect(swarm.manager, most, 1, of="replicas of school_vote allowed on one node", see=_inspect(vote))
    _expect_complete(swarm, vote, _VOTE)


@step("challenge")
@with_swarm_snapshot
def test_school_keeps_its_own_votes(swarm: SwarmSnapshot) -> None:
    """The database of the school keeps its data on a volume that no other service uses, and stays with it."""
    db = swarm.find_service(f"{_SCHOOL}_db")
    volume = _volume(db)
    if not volume:
        fail(
            swarm.manager,
            f"{db.name} keeps its data on no volume of a name",
            "it has a volume of its own",
            _inspect(db),
        )
    for other in swarm.services:
        if other.id != db.id and volume in _volumes(other).values():
            seen = f"{db.name} and {other.name} both use the volume {volume}"
            fail(swarm.manager, seen, f"{db.name} has one of its own", _inspect(db))
    _expect_one_candidate(swarm, db)


@step("challenge")
@with_swarm_snapshot
def test_school_has_voted(swarm: SwarmSnapshot) -> None:
    """The result of the school counts a vote."""
    swarm.find_service(f"{_SCHOOL}_result")
    for name, total in fetch_vote_counts(swarm, 8081).items():
        if not total:
            see = f"curl http://{name}:8081/json"
            fail(swarm.nodes[name], "the school's result counts no vote", "it counts one", see)


def _expect_overlay(swarm: SwarmSnapshot, name: str) -> None:
    """Find a network made by hand, or by the stack."""
    found = {one["Name"]: one["Driver"] for one in list_swarm_networks(swarm).values()}
    local = {one["Name"] for one in swarm.manager.api.api.networks(names=[name])}
    driver = found.get(f"{STACK}_{name}") or found.get(name) or ("bridge" if name in local else None)
    if driver is None:
        fail(swarm.manager, f"there is no network called {name}", "there is one", _NETWORKS)
    if driver != "overlay":
        seen = f"{name} is a {driver} and ends at the edge of {swarm.manager.name}"
        fail(swarm.manager, seen, f"{name} is an overlay", _NETWORKS)


def _expect_complete(swarm: SwarmSnapshot, service: Service, repository: str) -> None:
    given = service.image.rsplit(":", maxsplit=1)[0]
    expect(swarm.manager, given, repository, of=f"the image of {service.name}", see=_inspect(service))
    running = len(swarm.list_running_tasks(service))
    if not service.replicas or running < service.replicas:
        seen = f"{service.name} has {running} running tasks of {service.replicas or 0}"
        fail(swarm.manager, seen, "it has one or more, and all of them", _history(service))


def _expect_votes(swarm: SwarmSnapshot) -> None:
    for name, total in fetch_vote_counts(swarm, 5001).items():
        if total < _VOTERS:
            seen = f"the result counts {total} vote{'' if total == 1 else 's'}"
            fail(swarm.nodes[name], seen, f"it counts {_VOTERS} or more", f"curl http://{name}:5001/json")


def _expect_one_candidate(swarm: SwarmSnapshot, service: Service) -> None:
    names = sorted(member.name for member in filter_eligible_members(swarm.members, service.constraints))
    if len(names) != 1:
        seen = f"{service.name} may run on {', '.join(names) or 'no node'}"
        fail(swarm.manager, seen, "it may run on one node only, where its volume is", _inspect(service))


def _expect_unnoticed(swarm: SwarmSnapshot, name: str, first: str, last: str) -> None:
    node, log = swarm.nodes["node1"], f"/root/visits-{name}.log"
    made = read_visit_log(swarm, name)
    if not made:
        fail(node, f"there is no {log}, or it is empty", "visitors have written it", f"ls -l {log}")
    failed = Counter(visit.outcome for visit in made if visit.has_failed)
    if failed:
        reason, _ = failed.most_common(1)[0]
        seen = f"{failed.total()} of {len(made)} visits failed, most of them: {reason}"
        fail(node, seen, "no visit failed", f"grep FAILED {log}")
    expect(node, made[0].outcome, first, of="what the visitors saw at first", see=f"head {log}")
    for visit in _last_visits(made):
        expect(node, visit.outcome, last, of=f"what the visitor of {visit.node} saw at last", see=f"tail {log}")


def _last_visits(made: tuple[Visit, ...]) -> Iterator[Visit]:
    yield from {visit.node: visit for visit in made}.values()


def _volumes(service: Service) -> dict[str, str]:
    """Return the volumes with names that a service mounts, by their places."""
    mounts = service.task_template["ContainerSpec"].get("Mounts") or ()
    return {one["Target"]: one["Source"] for one in mounts if one.get("Type") == "volume" and one.get("Source")}


def _volume(service: Service) -> str:
    return _volumes(service).get(_DATA, "")


def _pace(service: Service, kind: str) -> str:
    plan = service.spec.get(kind) or {}
    pace = plan.get("Parallelism", 1)
    return f"{pace or 'all'} at a time, {plan.get('Order', 'stop-first')}"


def _container(task: Task) -> object:
    return task.spec["ContainerSpec"]


def _wish(service: Service) -> object:
    return service.task_template["ContainerSpec"]


def _image(task: Task) -> str:
    return str(task.spec["ContainerSpec"]["Image"]).split("@", maxsplit=1)[0]


def _inspect(service: Service) -> str:
    return f"docker service inspect --pretty {service.name}"


def _history(service: Service) -> str:
    return f"docker service ps {service.name}"
