"""Checks of the lab 'voting-app', in lesson order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from checks import expect_equal, fail, step
from checks.placement_constraints import filter_eligible_members
from checks.service_networks import find_shared_networks, list_swarm_networks
from checks.swarm import Service, SwarmSnapshot, Task, with_swarm_snapshot
from checks.swarm_expectations import expect_long_task_history
from checks.voting_app import (
    SERVICES,
    STACK,
    PageVisit,
    fetch_page_titles,
    fetch_vote_counts,
    read_visit_log,
    read_waiting_vote_count,
    require_app_service,
)

_ROLES = {"node1": "a manager", "node2": "a worker", "node3": "a worker"}
_VOTE_IMAGE = "dockersamples/examplevotingapp_vote"
_IMAGES = {
    "vote": _VOTE_IMAGE,
    "redis": "redis",
    "worker": "dockersamples/examplevotingapp_worker",
    "db": "postgres",
    "result": "dockersamples/examplevotingapp_result",
}
_OLD_VERSION, _NEW_VERSION = f"{_VOTE_IMAGE}:before", f"{_VOTE_IMAGE}:after"
# The pairs of services that must share a network, and the pairs that must not.
_CONNECTED = (("vote", "redis"), ("worker", "redis"), ("worker", "db"), ("result", "db"))
_SEPARATED = (("vote", "db"), ("vote", "result"), ("redis", "db"), ("redis", "result"))
_DATA_FOLDER = "/var/lib/postgresql/data"
_STACK_LABEL = "com.docker.stack.namespace"
_SCHOOL = "school"
_OLD_TITLE, _NEW_TITLE = "Cats vs Dogs!", "Tea vs Coffee!"
_MIN_VOTES = 3
_WAITING_FILE = "/root/waiting"

_LIST_SERVICES = "docker service ls"
_LIST_NODES = "docker node ls"
_LIST_NETWORKS = "docker network ls"


@step("form-swarm")
@with_swarm_snapshot
def test_nodes_form_a_swarm(swarm: SwarmSnapshot) -> None:
    """node1 manages a swarm, and node2 and node3 are ready workers of it."""
    for name, role in _ROLES.items():
        member = swarm.require_member(name)
        expect_equal(swarm.manager, f"{name} is {member.state}", f"{name} is ready", see=_LIST_NODES)
        expect_equal(swarm.manager, f"{name} is {member.role_phrase}", f"{name} is {role}", see=_LIST_NODES)


@step("form-swarm")
@with_swarm_snapshot
def test_task_history_is_long(swarm: SwarmSnapshot) -> None:
    """The swarm keeps at least ten tasks per replica in its task history."""
    expect_long_task_history(swarm)


@step("networks")
@with_swarm_snapshot
def test_frontend_spans_nodes(swarm: SwarmSnapshot) -> None:
    """The network frontend exists, and spans all nodes."""
    _expect_overlay(swarm, "frontend")


@step("networks")
@with_swarm_snapshot
def test_backend_spans_nodes(swarm: SwarmSnapshot) -> None:
    """The network backend exists, and spans all nodes."""
    _expect_overlay(swarm, "backend")


@step("by-hand")
@with_swarm_snapshot
def test_all_services_run(swarm: SwarmSnapshot) -> None:
    """All replicas of vote, redis, worker, db and result run, and vote has two or more of them."""
    for name in SERVICES:
        _expect_all_replicas_run(swarm, require_app_service(swarm, name), _IMAGES[name])
    vote = require_app_service(swarm, "vote")
    if (vote.replicas or 0) < 2:
        fail(swarm.manager, f"{vote.name} asks for {vote.replicas} replicas", "it asks for 2 or more", _LIST_SERVICES)


@step("by-hand")
@with_swarm_snapshot
def test_services_share_only_needed_networks(swarm: SwarmSnapshot) -> None:
    """Only services that need each other share a network: vote and worker with redis, worker and result with db."""
    services = {name: require_app_service(swarm, name) for name in SERVICES}
    for name, other in _CONNECTED:
        if not find_shared_networks(swarm, services[name], services[other]):
            observed = f"{services[name].name} and {services[other].name} share no network"
            fail(swarm.manager, observed, f"{name} and {other} share a network", _inspect_command(services[name]))
    for name, other in _SEPARATED:
        if shared := find_shared_networks(swarm, services[name], services[other]):
            observed = f"{services[name].name} and {services[other].name} share the network {', '.join(sorted(shared))}"
            fail(swarm.manager, observed, f"{name} and {other} share no network", _inspect_command(services[name]))


@step("by-hand")
@with_swarm_snapshot
def test_db_is_pinned_to_its_volume(swarm: SwarmSnapshot) -> None:
    """The database stores its data on the volume db-data, and may run only on the node with that volume."""
    db = require_app_service(swarm, "db")
    expect_equal(
        swarm.manager,
        _find_data_volume(db) or "no volume",
        "db-data",
        of=f"the data volume of {db.name}",
        see=_inspect_command(db),
    )
    _expect_one_eligible_node(swarm, db)


@step("by-hand")
@with_swarm_snapshot
def test_every_node_serves_both_pages(swarm: SwarmSnapshot) -> None:
    """On every node, port 80 shows the voting page, and port 5001 shows the result."""
    for name, title in fetch_page_titles(swarm, 80).items():
        if " vs " not in title:
            observed = f"port 80 of {name} shows another page"
            fail(swarm.nodes[name], observed, "it shows the voting page", f"curl http://{name}/")
    fetch_vote_counts(swarm, 5001)


@step("cast-votes")
@with_swarm_snapshot
def test_votes_arrive(swarm: SwarmSnapshot) -> None:
    """The result on every node counts the votes of at least three voters."""
    _expect_min_votes(swarm)


@step("stack-file")
@with_swarm_snapshot
def test_stack_runs_all_services(swarm: SwarmSnapshot) -> None:
    """The five services run as the stack voting, and the services that were created by hand are removed."""
    see = f"docker stack services {STACK}"
    for name in SERVICES:
        service = swarm.require_service(f"{STACK}_{name}")
        owner = service.spec.get("Labels", {}).get(_STACK_LABEL, "none")
        expect_equal(swarm.manager, owner, STACK, of=f"the stack that {service.name} belongs to", see=see)
        _expect_all_replicas_run(swarm, service, _IMAGES[name])
    remaining = sorted(service.name for service in swarm.services if service.name in SERVICES)
    if remaining:
        fail(
            swarm.manager,
            f"{', '.join(remaining)} created by hand still exists beside the stack",
            "only the services of the stack exist",
            _LIST_SERVICES,
        )


@step("stack-file")
@with_swarm_snapshot
def test_stack_db_keeps_votes(swarm: SwarmSnapshot) -> None:
    """The database of the stack uses the volume db-data on its node, and the votes are still there."""
    db = swarm.require_service(f"{STACK}_db")
    expect_equal(
        swarm.manager,
        _find_data_volume(db) or "no volume",
        "db-data",
        of=f"the data volume of {db.name}",
        see=_inspect_command(db),
    )
    _expect_one_eligible_node(swarm, db)
    _expect_min_votes(swarm)


@step("stack-file")
@with_swarm_snapshot
def test_vote_has_update_settings(swarm: SwarmSnapshot) -> None:
    """Updates and rollbacks of voting_vote replace one task at a time, start-first, and failed updates roll back."""
    vote = swarm.require_service(f"{STACK}_vote")
    config = vote.spec.get("UpdateConfig") or {}
    observed = f"{_describe_update_order(vote, 'UpdateConfig')}, on failure {config.get('FailureAction', 'pause')}"
    of = f"updates of {vote.name}"
    expect_equal(
        swarm.manager, observed, "1 at a time, start-first, on failure rollback", of=of, see=_inspect_command(vote)
    )
    of = f"rollbacks of {vote.name}"
    expect_equal(
        swarm.manager,
        _describe_update_order(vote, "RollbackConfig"),
        "1 at a time, start-first",
        of=of,
        see=_inspect_command(vote),
    )


@step("stack-file")
@with_swarm_snapshot
def test_worker_restarts_whatever_its_exit_status(swarm: SwarmSnapshot) -> None:
    """The worker runs on node2, and is restarted after it exits, whatever the exit status."""
    worker = swarm.require_service(f"{STACK}_worker")
    names = sorted(member.name for member in filter_eligible_members(swarm.members, worker.constraints))
    see = _inspect_command(worker)
    expect_equal(swarm.manager, ", ".join(names), "node2", of=f"nodes that may run {worker.name}", see=see)
    condition = (worker.task_template.get("RestartPolicy") or {}).get("Condition", "any")
    expect_equal(swarm.manager, condition, "any", of=f"the restart condition of {worker.name}", see=see)


@step("worker-dies")
@with_swarm_snapshot
def test_worker_was_replaced(swarm: SwarmSnapshot) -> None:
    """The worker was killed, and a new task has replaced it."""
    worker = swarm.require_service(f"{STACK}_worker")
    if not any(task.has_exited_with_error for task in swarm.list_tasks(worker)):
        states = sorted({task.state for task in swarm.list_tasks(worker) if task.has_ended})
        observed = f"tasks of {worker.name} that have ended: {', '.join(states) or 'none'}"
        fail(swarm.manager, observed, "a task that was killed, and therefore failed", _history_command(worker))
    if not swarm.list_running_tasks(worker):
        fail(swarm.manager, f"no task of {worker.name} runs", "a new task has replaced it", _history_command(worker))


@step("worker-dies")
@with_swarm_snapshot
def test_votes_waited(swarm: SwarmSnapshot) -> None:
    """Votes waited in redis while no worker ran (their number is in /root/waiting on node1), and none was lost."""
    number, node = read_waiting_vote_count(swarm), swarm.nodes["node1"]
    if number is None:
        fail(
            node,
            f"there is no number in {_WAITING_FILE}",
            "it contains the number of votes that waited",
            f"cat {_WAITING_FILE}",
        )
    if not number:
        fail(node, f"0 votes waited, according to {_WAITING_FILE}", "one or more votes waited", f"cat {_WAITING_FILE}")
    _expect_min_votes(swarm)


@step("rolling-update")
@with_swarm_snapshot
def test_all_replicas_ran_new_version(swarm: SwarmSnapshot) -> None:
    """Every replica of voting_vote runs the image tag 'after', or has run it."""
    vote = swarm.require_service(f"{STACK}_vote")
    new = {
        task.slot
        for task in swarm.list_tasks(vote)
        if _image_name(task) == _NEW_VERSION and task.state in ("running", "shutdown")
    }
    for task in swarm.list_running_tasks(vote):
        if task.slot not in new:
            observed = f"{vote.name}.{task.slot} has never run {_NEW_VERSION}"
            fail(swarm.manager, observed, f"it has run {_NEW_VERSION}", _history_command(vote))


@step("rolling-update")
@with_swarm_snapshot
def test_update_lost_no_visit(swarm: SwarmSnapshot) -> None:
    """The visitors 'update' saw the old page first and the new page last, and no visit failed."""
    _expect_no_failed_visits(swarm, "update", _OLD_TITLE, _NEW_TITLE)


@step("rollback")
@with_swarm_snapshot
def test_rollback_lost_no_visit(swarm: SwarmSnapshot) -> None:
    """The visitors 'rollback' saw the new page first and the old page last, and no visit failed."""
    _expect_no_failed_visits(swarm, "rollback", _NEW_TITLE, _OLD_TITLE)


@step("rollback")
@with_swarm_snapshot
def test_broken_version_was_rolled_back(swarm: SwarmSnapshot) -> None:
    """A broken version of voting_vote was deployed, failed, and was rolled back."""
    vote = swarm.require_service(f"{STACK}_vote")
    failed = [task for task in swarm.list_tasks(vote) if task.has_exited_with_error or task.state == "rejected"]
    broken = [task for task in failed if _container_spec(task) != _current_container_spec(vote)]
    if not broken:
        observed = f"no version of {vote.name} has failed, or the failed one is still declared"
        fail(swarm.manager, observed, "a version has failed and was rolled back", _history_command(vote))


@step("rollback", after=["rolling-update"])
@with_swarm_snapshot
def test_old_version_is_back(swarm: SwarmSnapshot) -> None:
    """All replicas of voting_vote run the image tag 'before', and every node shows Cats vs Dogs."""
    vote = swarm.require_service(f"{STACK}_vote")
    expect_equal(swarm.manager, vote.image, _OLD_VERSION, of=f"the image of {vote.name}", see=_inspect_command(vote))
    _expect_all_replicas_run(swarm, vote, _VOTE_IMAGE)
    for name, title in fetch_page_titles(swarm, 80).items():
        expect_equal(
            swarm.nodes[name], title, _OLD_TITLE, of=f"the page on port 80 of {name}", see=f"curl http://{name}/"
        )


@step("challenge")
@with_swarm_snapshot
def test_school_stack_runs(swarm: SwarmSnapshot) -> None:
    """The stack school runs the five services on its own networks, with the image tag 'after' for vote."""
    services = {name: swarm.require_service(f"{_SCHOOL}_{name}") for name in SERVICES}
    for name, service in services.items():
        _expect_all_replicas_run(swarm, service, _IMAGES[name])
    expect_equal(
        swarm.manager,
        services["vote"].image,
        _NEW_VERSION,
        of="the image of school_vote",
        see=_inspect_command(services["vote"]),
    )
    for name, service in services.items():
        shared = find_shared_networks(swarm, service, swarm.require_service(f"{STACK}_{name}"))
        if shared:
            observed = f"{service.name} and {STACK}_{name} share the network {', '.join(sorted(shared))}"
            fail(swarm.manager, observed, "the two stacks share no network", _inspect_command(service))


@step("challenge")
@with_swarm_snapshot
def test_school_pages_show_tea_vs_coffee(swarm: SwarmSnapshot) -> None:
    """On every node, port 8080 shows Tea vs Coffee, and port 8081 shows the result of that vote."""
    for port in (8080, 8081):
        for name, title in fetch_page_titles(swarm, port).items():
            if "Tea vs Coffee" not in title:
                observed = f"port {port} of {name} shows '{title}'"
                fail(swarm.nodes[name], observed, "it shows Tea vs Coffee", f"curl http://{name}:{port}/")


@step("challenge")
@with_swarm_snapshot
def test_school_vote_limits_replicas_per_node(swarm: SwarmSnapshot) -> None:
    """Three replicas of school_vote run, and no node may run more than one of them."""
    vote = swarm.require_service(f"{_SCHOOL}_vote")
    expect_equal(swarm.manager, vote.replicas, 3, of="replicas of school_vote", see=_LIST_SERVICES)
    limit = vote.task_template.get("Placement", {}).get("MaxReplicas") or "any number"
    expect_equal(swarm.manager, limit, 1, of="replicas of school_vote allowed on one node", see=_inspect_command(vote))
    _expect_all_replicas_run(swarm, vote, _VOTE_IMAGE)


@step("challenge")
@with_swarm_snapshot
def test_school_has_its_own_volume(swarm: SwarmSnapshot) -> None:
    """The database of school stores its data on a volume that no other service uses, and may run on one node only."""
    db = swarm.require_service(f"{_SCHOOL}_db")
    volume = _find_data_volume(db)
    if not volume:
        fail(
            swarm.manager,
            f"{db.name} does not store its data on a named volume",
            "it has its own named volume",
            _inspect_command(db),
        )
    for other in swarm.services:
        if other.id != db.id and volume in _list_named_volumes(other).values():
            observed = f"{db.name} and {other.name} both use the volume {volume}"
            fail(swarm.manager, observed, f"{db.name} has its own volume", _inspect_command(db))
    _expect_one_eligible_node(swarm, db)


@step("challenge")
@with_swarm_snapshot
def test_school_has_a_vote(swarm: SwarmSnapshot) -> None:
    """The result of school counts at least one vote."""
    swarm.require_service(f"{_SCHOOL}_result")
    for name, total in fetch_vote_counts(swarm, 8081).items():
        if not total:
            see = f"curl http://{name}:8081/json"
            fail(swarm.nodes[name], "the result of school counts no vote", "it counts one or more votes", see)


def _expect_overlay(swarm: SwarmSnapshot, name: str) -> None:
    """Fail unless a network of this name, or the stack's network, is an overlay."""
    drivers = {network["Name"]: network["Driver"] for network in list_swarm_networks(swarm).values()}
    local = {network["Name"] for network in swarm.manager.api.api.networks(names=[name])}
    driver = drivers.get(f"{STACK}_{name}") or drivers.get(name) or ("bridge" if name in local else None)
    if driver is None:
        fail(swarm.manager, f"there is no network called {name}", f"a network called {name}", _LIST_NETWORKS)
    if driver != "overlay":
        observed = f"{name} is a {driver} network and spans only {swarm.manager.name}"
        fail(swarm.manager, observed, f"{name} is an overlay network", _LIST_NETWORKS)


def _expect_all_replicas_run(swarm: SwarmSnapshot, service: Service, repository: str) -> None:
    image = service.image.rsplit(":", maxsplit=1)[0]
    expect_equal(swarm.manager, image, repository, of=f"the image of {service.name}", see=_inspect_command(service))
    running = len(swarm.list_running_tasks(service))
    if not service.replicas or running < service.replicas:
        observed = f"{service.name} has {running} running tasks of {service.replicas or 0}"
        fail(swarm.manager, observed, "all of its replicas run, one or more", _history_command(service))


def _expect_min_votes(swarm: SwarmSnapshot) -> None:
    for name, total in fetch_vote_counts(swarm, 5001).items():
        if total < _MIN_VOTES:
            observed = f"the result counts {total} vote{'' if total == 1 else 's'}"
            fail(swarm.nodes[name], observed, f"it counts {_MIN_VOTES} or more", f"curl http://{name}:5001/json")


def _expect_one_eligible_node(swarm: SwarmSnapshot, service: Service) -> None:
    names = sorted(member.name for member in filter_eligible_members(swarm.members, service.constraints))
    if len(names) != 1:
        observed = f"{service.name} may run on {', '.join(names) or 'no node'}"
        fail(swarm.manager, observed, "it may run only on the node with its volume", _inspect_command(service))


def _expect_no_failed_visits(swarm: SwarmSnapshot, name: str, first: str, last: str) -> None:
    node, log = swarm.nodes["node1"], f"/root/visits-{name}.log"
    visits = read_visit_log(swarm, name)
    if not visits:
        fail(node, f"there is no {log}, or it is empty", "the script visitors has written it", f"ls -l {log}")
    failed = Counter(visit.outcome for visit in visits if visit.has_failed)
    if failed:
        reason, _ = failed.most_common(1)[0]
        observed = f"{failed.total()} of {len(visits)} visits failed, most of them: {reason}"
        fail(node, observed, "no visit failed", f"grep FAILED {log}")
    expect_equal(node, visits[0].outcome, first, of="the first page that visitors saw", see=f"head {log}")
    for visit in _last_visit_per_node(visits):
        expect_equal(
            node, visit.outcome, last, of=f"via {visit.node}, the last page that visitors saw", see=f"tail {log}"
        )


def _last_visit_per_node(visits: tuple[PageVisit, ...]) -> Iterator[PageVisit]:
    yield from {visit.node: visit for visit in visits}.values()


def _list_named_volumes(service: Service) -> dict[str, str]:
    """Return the named volumes that a service mounts, by mount point."""
    mounts = service.task_template["ContainerSpec"].get("Mounts") or ()
    volumes = [mount for mount in mounts if mount.get("Type") == "volume"]
    return {mount["Target"]: mount["Source"] for mount in volumes if mount.get("Source")}


def _find_data_volume(service: Service) -> str:
    return _list_named_volumes(service).get(_DATA_FOLDER, "")


def _describe_update_order(service: Service, key: str) -> str:
    config = service.spec.get(key) or {}
    parallelism = config.get("Parallelism", 1)
    return f"{parallelism or 'all'} at a time, {config.get('Order', 'stop-first')}"


def _container_spec(task: Task) -> object:
    return task.spec["ContainerSpec"]


def _current_container_spec(service: Service) -> object:
    return service.task_template["ContainerSpec"]


def _image_name(task: Task) -> str:
    return str(task.spec["ContainerSpec"]["Image"]).split("@", maxsplit=1)[0]


def _inspect_command(service: Service) -> str:
    return f"docker service inspect --pretty {service.name}"


def _history_command(service: Service) -> str:
    return f"docker service ps {service.name}"
