"""Checks of the lab 'routing-mesh', in lesson order."""

from __future__ import annotations

import re
from collections.abc import Iterable

from checks import expect_equal, fail, step
from checks.routing_mesh import (
    PublishedPort,
    derive_container_host_name,
    fetch_urls_from_node,
    is_ingress_address,
    list_published_ports,
    parse_request_log,
    parse_retry_rules,
    parse_whoami_field,
    read_endpoint_mode,
)
from checks.swarm import Service, SwarmSnapshot, Task, with_swarm_snapshot
from checks.swarm_expectations import expect_all_nodes_ready, expect_only_node1_manages

_NODES = ("node1", "node2", "node3")
_WHOAMI, _WHOAMI_DETAILED = "jwilder/whoami:latest", "traefik/whoami:latest"
_TABLE_FILE = "/root/ingress-table"
_MIN_REQUESTS = 50
_HAPROXY_CONFIG = "/usr/local/etc/haproxy/haproxy.cfg"
# Each of these scripts runs all queries of one node at once: running a command on a node is slow.
_CLIENT_SCRIPT = """
PATH=$PATH:/bin:/sbin
for name in whoami tasks.whoami roll; do nslookup "$name" 2>&1; printf '\\036'; done
for _ in 1 2 3 4; do wget -q -T 3 -O - http://whoami:8000 || break; done
"""
_BALANCER_CONFIG = "/root/balancer/haproxy.cfg"
_READ_FILES_SCRIPT = """
for file in ingress-table ledger-drain ledger-ports balancer/haproxy.cfg; do
    cat "/root/$file" 2>/dev/null
    printf '\\036'
done
echo show servers state | socat - tcp:127.0.0.1:9999 2>/dev/null || true
"""
_NODE1_FILES = ("ingress-table", "ledger-drain", "ledger-ports", "haproxy.cfg", "servers")
_REPEATABLE_FAILURES = ("conn-failure", "empty-response", "response-timeout")

_LIST_NODES = "docker node ls"
_SHOW_SERVERS = "echo show stat | socat - tcp:127.0.0.1:9999 | cut --delimiter , --fields 2,18,37"


@step("form-swarm")
@with_swarm_snapshot
def test_all_nodes_are_ready(swarm: SwarmSnapshot) -> None:
    """node1, node2 and node3 are ready members of one swarm."""
    expect_all_nodes_ready(swarm)


@step("form-swarm")
@with_swarm_snapshot
def test_only_node1_manages(swarm: SwarmSnapshot) -> None:
    """node1 manages the swarm, and the other two are workers."""
    expect_only_node1_manages(swarm)


@step("publish")
@with_swarm_snapshot
def test_whoami_is_published(swarm: SwarmSnapshot) -> None:
    """The service whoami uses jwilder/whoami, and is published on port 8000 through the routing mesh."""
    whoami = swarm.require_service("whoami")
    expect_equal(swarm.manager, whoami.image, _WHOAMI, of="the image of whoami", see=_inspect_command("whoami"))
    if PublishedPort(8000, 8000, "ingress") not in list_published_ports(whoami):
        fail(swarm.manager, _describe_ports(whoami), "8000 to 8000 is among them", _inspect_command("whoami"))


@step("publish")
@with_swarm_snapshot
def test_whoami_runs_on_workers_only(swarm: SwarmSnapshot) -> None:
    """Two tasks of whoami run, and neither of them on node1."""
    if "node1" in {swarm.describe_member(task.node_id) for task in _require_running_tasks(swarm, "whoami", 2)}:
        fail(swarm.manager, "node1 runs a task of whoami", "only workers run them", _history_command("whoami"))


@step("publish")
@with_swarm_snapshot
def test_every_node_answers(swarm: SwarmSnapshot) -> None:
    """Both tasks of whoami answer on port 8000 of every node, even of the node that runs neither."""
    for name in _NODES:
        _expect_both_tasks_answer(swarm, name, 8000)


@step("names")
@with_swarm_snapshot
def test_name_resolves_to_virtual_ip(swarm: SwarmSnapshot) -> None:
    """In the network called inside, client resolves whoami to one address, which is not the address of a task."""
    node = swarm.nodes["node3"]
    addresses, tasks = _find_resolved_addresses(swarm, 0), _find_resolved_addresses(swarm, 1)
    expect_equal(
        node, len(addresses), 1, of="addresses of whoami that client finds", see=_client_command("nslookup whoami")
    )
    if addresses <= tasks:
        observed = f"{_join(addresses)} is the address of a task"
        fail(node, observed, "it is the virtual IP of the service", _client_command("nslookup tasks.whoami"))
    see = _client_command("nslookup tasks.whoami")
    expect_equal(node, len(tasks), 2, of="addresses of tasks.whoami that client finds", see=see)


@step("names")
@with_swarm_snapshot
def test_both_tasks_answer_client(swarm: SwarmSnapshot) -> None:
    """Both tasks answer when client sends requests to whoami."""
    answers = {line for line in _query_client(swarm)[-1].splitlines() if line}
    expected = {_format_greeting(task) for task in _require_running_tasks(swarm, "whoami", 2)}
    see = _client_command("wget -q -O - http://whoami:8000")
    of = "answers that client gets from http://whoami:8000"
    expect_equal(swarm.nodes["node3"], _join(answers), _join(expected), of=of, see=see)


@step("names")
@with_swarm_snapshot
def test_roll_has_no_virtual_ip(swarm: SwarmSnapshot) -> None:
    """The service roll has no virtual IP: client resolves its name to the addresses of its two tasks."""
    roll = swarm.require_service("roll")
    expect_equal(
        swarm.manager, read_endpoint_mode(roll), "dnsrr", of="the endpoint mode of roll", see=_inspect_command("roll")
    )
    _require_running_tasks(swarm, "roll", 2)
    count = len(_find_resolved_addresses(swarm, 2))
    expect_equal(
        swarm.nodes["node3"], count, 2, of="addresses of roll that client finds", see=_client_command("nslookup roll")
    )


@step("path")
@with_swarm_snapshot
def test_ipvs_table_is_saved(swarm: SwarmSnapshot) -> None:
    """The IPVS table of node1 is saved in /root/ingress-table there, and sends requests to both tasks of whoami."""
    node, see = swarm.nodes["node1"], f"cat {_TABLE_FILE}"
    table = _read_node1_files(swarm)["ingress-table"]
    if not table.strip():
        fail(node, f"{_TABLE_FILE} is missing or empty", "it contains the IPVS table", see)
    if not re.search(r"^(FWM|-A -f)\s+\d+", table, re.MULTILINE):
        fail(
            node,
            f"{_TABLE_FILE} contains no entry for a firewall mark",
            "it contains the output of ipvsadm in ingress_sbox",
            see,
        )
    servers = set(re.findall(r"^(?:\s*->|-a .*-r)\s+(\d+\.\d+\.\d+\.\d+):", table, re.MULTILINE))
    ingress = {address for address in servers if is_ingress_address(swarm, address)}
    if len(ingress) < 2:
        fail(node, f"tasks in {_TABLE_FILE}: {len(ingress)}", "both tasks of whoami are in it", see)
    _expect_both_tasks_answer(swarm, "node1", 8000)


@step("path")
@with_swarm_snapshot
def test_mirror_sees_ingress_address(swarm: SwarmSnapshot) -> None:
    """The service mirror sees an address of the ingress network as its client, not the address of the real client."""
    mirror = swarm.require_service("mirror")
    expect_equal(
        swarm.manager, mirror.image, _WHOAMI_DETAILED, of="the image of mirror", see=_inspect_command("mirror")
    )
    if PublishedPort(8080, 80, "ingress") not in list_published_ports(mirror):
        fail(swarm.manager, _describe_ports(mirror), "8080 to 80 is among them", _inspect_command("mirror"))
    (answer,) = fetch_urls_from_node(swarm, "node1", ["http://node3:8080"])
    if parse_whoami_field(answer, "Hostname") not in {
        derive_container_host_name(task) for task in swarm.list_running_tasks(mirror)
    }:
        fail(
            swarm.nodes["node1"],
            "another service answers on port 8080",
            "mirror answers on port 8080",
            "curl http://node3:8080",
        )
    observed = parse_whoami_field(answer, "RemoteAddr").rpartition(":")[0]
    if not is_ingress_address(swarm, observed):
        fail(swarm.nodes["node1"], f"mirror sees {observed}", "it sees an address of ingress", "curl http://node3:8080")


@step("host-mode")
@with_swarm_snapshot
def test_direct_publishes_in_host_mode(swarm: SwarmSnapshot) -> None:
    """The service direct runs once on every node, and publishes port 8081 of that node in host mode."""
    direct = swarm.require_service("direct")
    expect_equal(
        swarm.manager, direct.image, _WHOAMI_DETAILED, of="the image of direct", see=_inspect_command("direct")
    )
    _expect_host_port(swarm, direct, PublishedPort(8081, 80, "host"))
    _expect_one_task_per_node(swarm, direct)


@step("host-mode")
@with_swarm_snapshot
def test_direct_sees_client_address(swarm: SwarmSnapshot) -> None:
    """On port 8081 each node answers with its own task of direct, which sees the address of the real client."""
    host_names = {
        swarm.describe_member(task.node_id): derive_container_host_name(task)
        for task in swarm.list_running_tasks(swarm.require_service("direct"))
    }
    others = ("node2", "node3")
    client = swarm.nodes["node1"]
    answers = fetch_urls_from_node(swarm, "node1", [f"http://{name}:8081" for name in others])
    for name, answer in zip(others, answers, strict=True):
        see = f"curl http://{name}:8081"
        expect_equal(
            client,
            parse_whoami_field(answer, "Hostname"),
            host_names.get(name),
            of=f"the container behind {name}:8081",
            see=see,
        )
        observed = parse_whoami_field(answer, "RemoteAddr").rpartition(":")[0]
        expect_equal(client, observed, client.address, of=f"the client that direct sees on {name}", see=see)


@step("balancer")
@with_swarm_snapshot
def test_haproxy_has_all_nodes(swarm: SwarmSnapshot) -> None:
    """HAProxy on node1 has the three nodes as servers, and considers all of them up."""
    node = swarm.nodes["node1"]
    lines = [line.split() for line in _read_node1_files(swarm)["servers"].splitlines()]
    if not lines:
        observed = "HAProxy does not answer on 127.0.0.1:9999"
        fail(node, observed, "it runs in the network of node1, with haproxy.cfg", "docker ps --all")
    # HAProxy's management guide describes the columns in the section 'show servers state'.
    states = {fields[4]: (fields[5], fields[18]) for fields in lines if len(fields) > 18 and fields[0].isdecimal()}
    for name in _NODES:
        server = states.get(swarm.nodes[name].address)
        if server is None:
            fail(node, f"{name} is not among the servers of HAProxy", "all three nodes are", _SHOW_SERVERS)
        state, port = server
        # State 2 is 'running'.
        if state != "2":
            fail(node, f"HAProxy considers {name}:{port} down", f"it considers {name}:8000 up", _SHOW_SERVERS)


@step("balancer")
@with_swarm_snapshot
def test_haproxy_reaches_both_tasks(swarm: SwarmSnapshot) -> None:
    """Both tasks of whoami answer on port 9000 of node1, where HAProxy listens."""
    _expect_answers_from_whoami(swarm, "node3", "http://node1:9000", ("http://node1:9000",))


@step("balancer")
@with_swarm_snapshot
def test_haproxy_repeats_only_reads(swarm: SwarmSnapshot) -> None:
    """HAProxy repeats requests that only read if a server does not answer them, and never repeats a POST request."""
    node, files, see = swarm.nodes["node1"], _read_node1_files(swarm), f"cat {_BALANCER_CONFIG}"
    rules = parse_retry_rules(files["haproxy.cfg"])
    repeated = [kind for kind in _REPEATABLE_FAILURES if kind in rules.retry_on]
    of = "the failures after which HAProxy repeats a request"
    expect_equal(node, ", ".join(repeated) or "none", ", ".join(_REPEATABLE_FAILURES), of=of, see=see)
    if not rules.spares_posts:
        fail(node, "HAProxy repeats POST requests too", "it repeats only requests that read", see)


@step("balancer")
@with_swarm_snapshot
def test_drain_lost_no_request(swarm: SwarmSnapshot) -> None:
    """node3 was drained and is active again, and HAProxy lost no request meanwhile (/root/ledger-drain on node1)."""
    state = swarm.require_member("node3").availability
    expect_equal(swarm.manager, state, "active", of="the availability of node3", see=_LIST_NODES)
    _expect_no_lost_requests(swarm, "ledger-drain", 3)


@step("change-ports")
@with_swarm_snapshot
def test_whoami_publishes_two_ports(swarm: SwarmSnapshot) -> None:
    """The service whoami is published through the mesh on the ports 8000 and 80, and on no other port."""
    whoami = swarm.require_service("whoami")
    if list_published_ports(whoami) != (PublishedPort(80, 8000, "ingress"), PublishedPort(8000, 8000, "ingress")):
        fail(swarm.manager, _describe_ports(whoami), "80 to 8000, 8000 to 8000", _inspect_command("whoami"))


@step("change-ports")
@with_swarm_snapshot
def test_port_80_reaches_both_tasks(swarm: SwarmSnapshot) -> None:
    """Both tasks of whoami answer on the new port 80 of every node, as on the old port."""
    for name in _NODES:
        _expect_both_tasks_answer(swarm, name, 80)


@step("change-ports")
@with_swarm_snapshot
def test_port_change_lost_no_request(swarm: SwarmSnapshot) -> None:
    """HAProxy lost no request while a port was added and removed (/root/ledger-ports on node1)."""
    _expect_no_lost_requests(swarm, "ledger-ports", 4)


@step("challenge")
@with_swarm_snapshot
def test_pool_publishes_no_port(swarm: SwarmSnapshot) -> None:
    """Three tasks of pool run with the image traefik/whoami, and pool publishes no port."""
    pool = swarm.require_service("pool")
    expect_equal(swarm.manager, pool.image, _WHOAMI_DETAILED, of="the image of pool", see=_inspect_command("pool"))
    _require_running_tasks(swarm, "pool", 3)
    if list_published_ports(pool):
        fail(swarm.manager, _describe_ports(pool), "pool publishes none", _inspect_command("pool"))


@step("challenge")
@with_swarm_snapshot
def test_pool_has_no_virtual_ip(swarm: SwarmSnapshot) -> None:
    """The name pool resolves to the addresses of its tasks, not to a virtual IP."""
    pool = swarm.require_service("pool")
    expect_equal(
        swarm.manager, read_endpoint_mode(pool), "dnsrr", of="the endpoint mode of pool", see=_inspect_command("pool")
    )


@step("challenge")
@with_swarm_snapshot
def test_door_runs_on_every_node(swarm: SwarmSnapshot) -> None:
    """The service door uses haproxy, runs on every node, and publishes port 8090 of that node in host mode."""
    door = swarm.require_service("door")
    expect_equal(swarm.manager, door.image, "haproxy:latest", of="the image of door", see=_inspect_command("door"))
    published = {port.published: port for port in list_published_ports(door)}
    if 8090 not in published:
        fail(swarm.manager, _describe_ports(door), "8090 is among them", _inspect_command("door"))
    _expect_host_port(swarm, door, published[8090])
    _expect_one_task_per_node(swarm, door)


@step("challenge")
@with_swarm_snapshot
def test_doors_reach_all_tasks(swarm: SwarmSnapshot) -> None:
    """The door on every node sends requests to all three tasks of pool in turn."""
    expected = _join(derive_container_host_name(task) for task in _require_running_tasks(swarm, "pool", 3))
    for name, answers in _fetch_from_doors(swarm).items():
        observed = _join({parse_whoami_field(answer, "Hostname") for answer in answers})
        of = f"containers that answer on {name}:8090"
        expect_equal(swarm.nodes["node1"], observed, expected, of=of, see=f"curl http://{name}:8090")


@step("challenge")
@with_swarm_snapshot
def test_doors_resolve_pool_at_run_time(swarm: SwarmSnapshot) -> None:
    """The doors resolve the name pool again and again, so that scaling pool needs no change to their configuration."""
    tasks = [
        task
        for task in swarm.list_running_tasks(swarm.require_service("door"))
        if swarm.describe_member(task.node_id) == "node1"
    ]
    if not tasks:
        fail(swarm.manager, "no task of door runs on node1", "a task of door runs on node1", _history_command("door"))
    text = swarm.run_command_once("node1", "cat", f"/proc/{tasks[0].pid}/root{_HAPROXY_CONFIG}").stdout_text
    # HAProxy resolves names at run time only for servers that refer to a section 'resolvers'.
    lines = [line.partition("#")[0].split() for line in text.splitlines()]
    servers = [fields for fields in lines if fields and fields[0] in {"server", "server-template", "default-server"}]
    if not any("resolvers" in fields for fields in servers):
        observed = "door resolves the names of its servers only once, when it starts"
        see = f"docker exec $(docker ps --quiet --filter name=door) grep server {_HAPROXY_CONFIG}"
        fail(swarm.nodes["node1"], observed, "it resolves them again and again", see)


@step("challenge")
@with_swarm_snapshot
def test_pool_gets_client_address(swarm: SwarmSnapshot) -> None:
    """The tasks of pool get the address of the real client in X-Forwarded-For."""
    client = swarm.nodes["node1"]
    for name, answers in _fetch_from_doors(swarm).items():
        # A request from a node to itself has the address of one of its bridges.
        if name != client.name:
            address = parse_whoami_field(answers[0], "X-Forwarded-For") or "nothing"
            of = f"X-Forwarded-For behind {name}:8090"
            expect_equal(client, address, client.address, of=of, see=f"curl http://{name}:8090")


def _require_running_tasks(swarm: SwarmSnapshot, name: str, count: int) -> tuple[Task, ...]:
    """Return the running tasks of a service, and fail unless there are `count` of them."""
    tasks = swarm.list_running_tasks(swarm.require_service(name))
    expect_equal(swarm.manager, len(tasks), count, of=f"running tasks of {name}", see=_history_command(name))
    return tasks


def _expect_both_tasks_answer(swarm: SwarmSnapshot, node: str, port: int) -> None:
    """Fail unless both tasks of whoami answer on a node's port; node1 sends requests to all nodes in one command."""
    _expect_answers_from_whoami(
        swarm, "node1", f"http://{node}:{port}", tuple(f"http://{name}:{port}" for name in _NODES)
    )


def _expect_answers_from_whoami(swarm: SwarmSnapshot, client: str, url: str, urls: tuple[str, ...]) -> None:
    expected = {_format_greeting(task) for task in _require_running_tasks(swarm, "whoami", 2)}
    answers = swarm.query_once(("answers", client, urls), lambda: _collect_answers(swarm, client, urls, expected))[url]
    see = f"/root/count {url}"
    expect_equal(swarm.nodes[client], _join(answers), _join(expected), of=f"answers from {url}", see=see)


def _collect_answers(swarm: SwarmSnapshot, client: str, urls: Iterable[str], expected: set[str]) -> dict[str, set[str]]:
    """Return the different answers of each URL, from four requests, or more if an expected answer is missing.

    Other clients send requests too (HAProxy does so once a second), so one task may give four answers in a row.
    """
    answers: dict[str, set[str]] = {url: set() for url in urls}
    for attempt in range(3):
        requests = [(url, f"{url}/?{attempt}.{number}") for url in answers for number in range(4)]
        responses = fetch_urls_from_node(swarm, client, [address for _, address in requests])
        for (url, _), response in zip(requests, responses, strict=True):
            answers[url].add(response)
        if all(expected <= texts for texts in answers.values()):
            break
    return answers


def _expect_host_port(swarm: SwarmSnapshot, service: Service, port: PublishedPort) -> None:
    if port not in list_published_ports(service) or port.mode != "host":
        fail(
            swarm.manager,
            _describe_ports(service),
            f"{port.published} in mode host is among them",
            _inspect_command(service.name),
        )


def _expect_one_task_per_node(swarm: SwarmSnapshot, service: Service) -> None:
    nodes = sorted(swarm.describe_member(task.node_id) for task in swarm.list_running_tasks(service))
    expect_equal(
        swarm.manager,
        _join(nodes),
        _join(_NODES),
        of=f"nodes that run {service.name}",
        see=_history_command(service.name),
    )


def _expect_no_lost_requests(swarm: SwarmSnapshot, name: str, min_tasks: int) -> None:
    """Fail unless a request log is long enough, shows replaced tasks, and has no lost request."""
    path = f"/root/{name}"
    node, see = swarm.nodes["node1"], f"cat {path}"
    log = parse_request_log(_read_node1_files(swarm)[name])
    answered = sum(log.answer_counts.values())
    if not log.answer_counts and not log.loss_counts:
        fail(node, f"{path} is missing or empty", "it contains the output of /root/count", see)
    if log.loss_counts:
        fail(node, f"requests lost in {path}: {sum(log.loss_counts.values())}", "no request is lost", see)
    if answered < _MIN_REQUESTS:
        fail(node, f"requests counted in {path}: {answered}", f"{_MIN_REQUESTS} or more", see)
    if len(log.answer_counts) < min_tasks:
        observed = f"tasks that answered in {path}: {len(log.answer_counts)}"
        fail(node, observed, f"{min_tasks} or more, because tasks were replaced during the count", see)


def _read_node1_files(swarm: SwarmSnapshot) -> dict[str, str]:
    """Return the contents of the files on node1 and the server states of HAProxy, by name."""
    contents = swarm.run_command_once("node1", "sh", "-c", _READ_FILES_SCRIPT).stdout_text.split("\x1e")
    return dict(zip(_NODE1_FILES, contents, strict=False))


def _query_client(swarm: SwarmSnapshot) -> list[str]:
    """Return what client resolves whoami, tasks.whoami and roll to, and then the answers that whoami gives it."""
    node = swarm.nodes["node3"]
    containers = swarm.query_once("client", lambda: node.api.api.containers(filters={"name": "^/?client$"}))
    if not containers:
        fail(node, "no container called client runs", "client runs on node3", "docker ps --all")
    pid = swarm.query_once("pid", lambda: node.api.api.inspect_container(containers[0]["Id"])["State"]["Pid"])
    # Enter its namespaces directly: `docker exec` takes several times as long.
    result = swarm.run_command_once(
        "node3", "nsenter", "--target", str(pid), "--mount", "--net", "/bin/sh", "-c", _CLIENT_SCRIPT
    )
    answers = result.stdout_text.split("\x1e")
    if len(answers) != 4:
        reason = (result.stderr_text.strip() or "it does not answer").splitlines()[-1]
        fail(node, f"commands in client fail: {reason}", "client can resolve names", _client_command("nslookup whoami"))
    return answers


def _find_resolved_addresses(swarm: SwarmSnapshot, index: int) -> set[str]:
    # The output of nslookup begins with the address of the name server; the answer follows "Name:".
    _, _, resolved = _query_client(swarm)[index].partition("Name:")
    return set(re.findall(r"Address(?: \d+)?: *(\d+\.\d+\.\d+\.\d+)", resolved))


def _fetch_from_doors(swarm: SwarmSnapshot) -> dict[str, list[str]]:
    answers = fetch_urls_from_node(swarm, "node1", [f"http://{name}:8090" for name in _NODES for _ in range(6)])
    return {name: answers[6 * number : 6 * number + 6] for number, name in enumerate(_NODES)}


def _format_greeting(task: Task) -> str:
    return f"I'm {derive_container_host_name(task)}"


def _join(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _describe_ports(service: Service) -> str:
    return f"ports of {service.name}: {', '.join(str(port) for port in list_published_ports(service)) or 'none'}"


def _client_command(command: str) -> str:
    return f"docker exec client {command}"


def _inspect_command(service: str) -> str:
    return f"docker service inspect --pretty {service}"


def _history_command(service: str) -> str:
    return f"docker service ps {service}"
