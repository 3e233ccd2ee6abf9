"""The checks of the lab 'routing-mesh', in the order of its lesson."""

from __future__ import annotations

import re
from collections.abc import Iterable

from checks import expect, fail, step
from checks.routing_mesh import (
    PublishedPort,
    fetch_urls_from_node,
    find_container_host_name,
    is_ingress_address,
    list_published_ports,
    parse_request_log,
    read_endpoint_mode,
    read_whoami_field,
)
from checks.swarm import Service, SwarmSnapshot, Task, with_swarm_snapshot
from checks.swarm_expectations import expect_all_nodes_ready, expect_only_node1_manages

_NODES = ("node1", "node2", "node3")
_WHOAMI, _TOLD_IN_FULL = "jwilder/whoami:latest", "traefik/whoami:latest"
_NOTE = "/root/ingress-table"
_FEWEST = 50
_DOOR_FILE = "/usr/local/etc/haproxy/haproxy.cfg"
# What the client is asked, and what node1 has written down: all at once, since every command takes its time.
_QUESTIONS = """
PATH=$PATH:/bin:/sbin
for name in whoami tasks.whoami roll; do nslookup "$name" 2>&1; printf '\\036'; done
for _ in 1 2 3 4; do wget -q -T 3 -O - http://whoami:8000 || break; done
"""
_READ = """
for file in ingress-table ledger-drain ledger-ports; do cat "/root/$file" 2>/dev/null; printf '\\036'; done
echo show servers state | socat - tcp:127.0.0.1:9999 2>/dev/null || true
"""

_MEMBERS = "docker node ls"
_SERVERS = "echo show stat | socat - tcp:127.0.0.1:9999 | cut --delimiter , --fields 2,18,37"


@step("form-swarm")
@with_swarm_snapshot
def test_all_are_ready_members(swarm: SwarmSnapshot) -> None:
    """node1, node2 and node3 are ready members of one swarm."""
    expect_all_nodes_ready(swarm)


@step("form-swarm")
@with_swarm_snapshot
def test_node1_manages(swarm: SwarmSnapshot) -> None:
    """node1 manages the swarm, and the other two are workers."""
    expect_only_node1_manages(swarm)


@step("publish")
@with_swarm_snapshot
def test_whoami_is_published(swarm: SwarmSnapshot) -> None:
    """The service whoami, made from jwilder/whoami, is published on port 8000 through the routing mesh."""
    whoami = swarm.find_service("whoami")
    expect(swarm.manager, whoami.image, _WHOAMI, of="the image of whoami", see=_inspect("whoami"))
    if PublishedPort(8000, 8000, "ingress") not in list_published_ports(whoami):
        fail(swarm.manager, _doors(whoami), "8000 to 8000 is among them", _inspect("whoami"))


@step("publish")
@with_swarm_snapshot
def test_two_tasks_off_node1(swarm: SwarmSnapshot) -> None:
    """Two tasks of whoami run, and none of them on node1."""
    if "node1" in {swarm.find_node_name(task.node_id) for task in _running(swarm, "whoami", 2)}:
        fail(swarm.manager, "node1 runs a task of whoami", "only workers run them", _history("whoami"))


@step("publish")
@with_swarm_snapshot
def test_every_node_answers(swarm: SwarmSnapshot) -> None:
    """On port 8000 of every node both tasks of whoami answer, though one node runs neither."""
    for name in _NODES:
        _expect_both(swarm, name, 8000)


@step("names")
@with_swarm_snapshot
def test_name_leads_to_one_address(swarm: SwarmSnapshot) -> None:
    """In the network inside, client finds one address under the name whoami, and none of the tasks has it."""
    node = swarm.nodes["node3"]
    found, tasks = _looked_up(swarm, 0), _looked_up(swarm, 1)
    expect(node, len(found), 1, of="addresses of whoami that client finds", see=_ask_client("nslookup whoami"))
    if found <= tasks:
        seen, wanted = f"{_listed(found)} is the address of a task", "it belongs to the service"
        fail(node, seen, wanted, _ask_client("nslookup tasks.whoami"))
    see = _ask_client("nslookup tasks.whoami")
    expect(node, len(tasks), 2, of="addresses of tasks.whoami that client finds", see=see)


@step("names")
@with_swarm_snapshot
def test_both_answer_inside(swarm: SwarmSnapshot) -> None:
    """Both tasks of whoami answer client under that name."""
    heard = {line for line in _client(swarm)[-1].splitlines() if line}
    wanted = {_greeting(task) for task in _running(swarm, "whoami", 2)}
    if heard != wanted:
        seen = f"client hears {_listed(heard)} from http://whoami:8000"
        expected = f"it hears {_listed(wanted)} in turn"
        fail(swarm.nodes["node3"], seen, expected, _ask_client("wget -q -O - http://whoami:8000"))


@step("names")
@with_swarm_snapshot
def test_roll_has_no_address_of_its_own(swarm: SwarmSnapshot) -> None:
    """The service roll has no virtual IP: under its name client finds the addresses of its two tasks."""
    roll = swarm.find_service("roll")
    expect(swarm.manager, read_endpoint_mode(roll), "dnsrr", of="the endpoint mode of roll", see=_inspect("roll"))
    _running(swarm, "roll", 2)
    found = len(_looked_up(swarm, 2))
    expect(swarm.nodes["node3"], found, 2, of="addresses of roll that client finds", see=_ask_client("nslookup roll"))


@step("path")
@with_swarm_snapshot
def test_table_is_noted(swarm: SwarmSnapshot) -> None:
    """node1's table of tasks is noted there, in /root/ingress-table, and gives both tasks of whoami their turn."""
    node, see = swarm.nodes["node1"], f"cat {_NOTE}"
    noted = _read(swarm)["ingress-table"]
    if not noted.strip():
        fail(node, f"{_NOTE} is missing or empty", "the table is noted in it", see)
    if not re.search(r"^(FWM|-A -f)\s+\d+", noted, re.MULTILINE):
        fail(node, f"{_NOTE} holds no entry for a firewall mark", "it holds what ipvsadm shows in ingress_sbox", see)
    servers = set(re.findall(r"^(?:\s*->|-a .*-r)\s+(\d+\.\d+\.\d+\.\d+):", noted, re.MULTILINE))
    inside = {address for address in servers if is_ingress_address(swarm, address)}
    if len(inside) < 2:
        fail(node, f"tasks in {_NOTE}: {len(inside)}", "both tasks of whoami stand in it", see)
    _expect_both(swarm, "node1", 8000)


@step("path")
@with_swarm_snapshot
def test_mirror_sees_the_mesh(swarm: SwarmSnapshot) -> None:
    """What mirror takes for its client is an address of the mesh, whoever asks."""
    mirror = swarm.find_service("mirror")
    expect(swarm.manager, mirror.image, _TOLD_IN_FULL, of="the image of mirror", see=_inspect("mirror"))
    if PublishedPort(8080, 80, "ingress") not in list_published_ports(mirror):
        fail(swarm.manager, _doors(mirror), "8080 to 80 is among them", _inspect("mirror"))
    (answer,) = fetch_urls_from_node(swarm, "node1", ["http://node3:8080"])
    if read_whoami_field(answer, "Hostname") not in {
        find_container_host_name(task) for task in swarm.list_running_tasks(mirror)
    }:
        fail(
            swarm.nodes["node1"], "it is not mirror that answers on port 8080", "mirror does", "curl http://node3:8080"
        )
    seen = read_whoami_field(answer, "RemoteAddr").rpartition(":")[0]
    if not is_ingress_address(swarm, seen):
        fail(swarm.nodes["node1"], f"mirror sees {seen}", "it sees an address of ingress", "curl http://node3:8080")


@step("host-mode")
@with_swarm_snapshot
def test_direct_is_published_by_its_nodes(swarm: SwarmSnapshot) -> None:
    """The service direct runs once on every node, and takes port 8081 of that node itself."""
    direct = swarm.find_service("direct")
    expect(swarm.manager, direct.image, _TOLD_IN_FULL, of="the image of direct", see=_inspect("direct"))
    _expect_host_port(swarm, direct, PublishedPort(8081, 80, "host"))
    _expect_one_each(swarm, direct)


@step("host-mode")
@with_swarm_snapshot
def test_direct_sees_its_client(swarm: SwarmSnapshot) -> None:
    """Each node answers on port 8081 with its own task of direct, which sees who really asks."""
    own = {
        swarm.find_node_name(task.node_id): find_container_host_name(task)
        for task in swarm.list_running_tasks(swarm.find_service("direct"))
    }
    others = ("node2", "node3")
    asker = swarm.nodes["node1"]
    for name, answer in zip(
        others, fetch_urls_from_node(swarm, "node1", [f"http://{one}:8081" for one in others]), strict=True
    ):
        see = f"curl http://{name}:8081"
        expect(
            asker, read_whoami_field(answer, "Hostname"), own.get(name), of=f"the container behind {name}:8081", see=see
        )
        seen = read_whoami_field(answer, "RemoteAddr").rpartition(":")[0]
        expect(asker, seen, asker.address, of=f"the client that direct sees on {name}", see=see)


@step("balancer")
@with_swarm_snapshot
def test_haproxy_has_all_nodes(swarm: SwarmSnapshot) -> None:
    """HAProxy on node1 has three servers, the three nodes, and holds all of them for sound."""
    node = swarm.nodes["node1"]
    lines = [line.split() for line in _read(swarm)["servers"].splitlines()]
    if not lines:
        seen, wanted = "HAProxy gives no answer on 127.0.0.1:9999", "it runs in the network of node1, with haproxy.cfg"
        fail(node, seen, wanted, "docker ps --all")
    # Its columns are told in HAProxy's management guide, under 'show servers state'.
    states = {words[4]: (words[5], words[18]) for words in lines if len(words) > 18 and words[0].isdecimal()}
    for name in _NODES:
        found = states.get(swarm.nodes[name].address)
        if found is None:
            fail(node, f"{name} is not among the servers of HAProxy", "all three nodes are", _SERVERS)
        state, port = found
        # The number 2 is HAProxy's word for 'running'.
        if state != "2":
            fail(node, f"HAProxy has given {name}:{port} up", f"{name}:8000 answers HAProxy", _SERVERS)


@step("balancer")
@with_swarm_snapshot
def test_haproxy_leads_to_both(swarm: SwarmSnapshot) -> None:
    """Both tasks of whoami answer on port 9000 of node1, where HAProxy listens."""
    _expect_heard(swarm, "node3", "http://node1:9000", ("http://node1:9000",))


@step("balancer")
@with_swarm_snapshot
def test_drain_lost_nothing(swarm: SwarmSnapshot) -> None:
    """node3 was drained and is back, and no request to HAProxy was lost meanwhile: see /root/ledger-drain on node1."""
    state = swarm.find_member("node3").availability
    expect(swarm.manager, state, "active", of="the availability of node3", see=_MEMBERS)
    _expect_lossless(swarm, "ledger-drain", 3)


@step("change-ports")
@with_swarm_snapshot
def test_whoami_has_two_doors(swarm: SwarmSnapshot) -> None:
    """The service whoami is published on the ports 8000 and 80 through the mesh, and on no other."""
    whoami = swarm.find_service("whoami")
    if list_published_ports(whoami) != (PublishedPort(80, 8000, "ingress"), PublishedPort(8000, 8000, "ingress")):
        fail(swarm.manager, _doors(whoami), "80 to 8000, 8000 to 8000", _inspect("whoami"))


@step("change-ports")
@with_swarm_snapshot
def test_both_doors_lead_to_both(swarm: SwarmSnapshot) -> None:
    """Behind the new port 80 every node finds both tasks of whoami, as behind the old one."""
    for name in _NODES:
        _expect_both(swarm, name, 80)


@step("change-ports")
@with_swarm_snapshot
def test_new_port_lost_nothing(swarm: SwarmSnapshot) -> None:
    """While a port was added and removed, no request to HAProxy was lost: see /root/ledger-ports on node1."""
    _expect_lossless(swarm, "ledger-ports", 4)


@step("challenge")
@with_swarm_snapshot
def test_pool_is_hidden(swarm: SwarmSnapshot) -> None:
    """Three tasks of pool run, made from traefik/whoami, and no port of any node leads straight to them."""
    pool = swarm.find_service("pool")
    expect(swarm.manager, pool.image, _TOLD_IN_FULL, of="the image of pool", see=_inspect("pool"))
    _running(swarm, "pool", 3)
    if list_published_ports(pool):
        fail(swarm.manager, _doors(pool), "pool publishes none", _inspect("pool"))


@step("challenge")
@with_swarm_snapshot
def test_pool_has_no_virtual_ip(swarm: SwarmSnapshot) -> None:
    """The name pool leads to the tasks themselves, not to a virtual IP."""
    pool = swarm.find_service("pool")
    expect(swarm.manager, read_endpoint_mode(pool), "dnsrr", of="the endpoint mode of pool", see=_inspect("pool"))


@step("challenge")
@with_swarm_snapshot
def test_door_is_on_every_node(swarm: SwarmSnapshot) -> None:
    """The service door, made from haproxy, runs on every node and takes port 8090 of that node itself."""
    door = swarm.find_service("door")
    expect(swarm.manager, door.image, "haproxy:latest", of="the image of door", see=_inspect("door"))
    published = {port.published: port for port in list_published_ports(door)}
    if 8090 not in published:
        fail(swarm.manager, _doors(door), "8090 is among them", _inspect("door"))
    _expect_host_port(swarm, door, published[8090])
    _expect_one_each(swarm, door)


@step("challenge")
@with_swarm_snapshot
def test_doors_take_turns(swarm: SwarmSnapshot) -> None:
    """Every node's door leads to all three tasks of pool, in turn."""
    wanted = {find_container_host_name(task) for task in _running(swarm, "pool", 3)}
    for name, heard in _through_doors(swarm).items():
        behind = {read_whoami_field(answer, "Hostname") for answer in heard}
        if behind != wanted:
            seen = f"behind {name}:8090 answer {_listed(behind)}"
            fail(swarm.nodes["node1"], seen, f"{_listed(wanted)} do", f"curl http://{name}:8090")


@step("challenge")
@with_swarm_snapshot
def test_doors_ask_again(swarm: SwarmSnapshot) -> None:
    """The doors look up again and again who is in the pool, so that nobody has to edit a file when it is scaled."""
    own = [
        task
        for task in swarm.list_running_tasks(swarm.find_service("door"))
        if swarm.find_node_name(task.node_id) == "node1"
    ]
    if not own:
        fail(swarm.manager, "no task of door runs on node1", "one does", _history("door"))
    text = swarm.run_once("node1", "cat", f"/proc/{own[0].pid}/root{_DOOR_FILE}").text
    # Asking at run time is what HAProxy does for servers with a section 'resolvers', and for no others.
    lines = [line.partition("#")[0].split() for line in text.splitlines()]
    servers = [words for words in lines if words and words[0] in {"server", "server-template", "default-server"}]
    if not any("resolvers" in words for words in servers):
        seen = "the servers of door are looked up once, when it starts"
        see = f"docker exec $(docker ps --quiet --filter name=door) grep server {_DOOR_FILE}"
        fail(swarm.nodes["node1"], seen, "they are looked up again and again", see)


@step("challenge")
@with_swarm_snapshot
def test_pool_learns_who_asks(swarm: SwarmSnapshot) -> None:
    """The pool is told the address of the client that has asked, in X-Forwarded-For."""
    asker = swarm.nodes["node1"]
    for name, heard in _through_doors(swarm).items():
        # A node that asks itself is seen under the address of one of its own bridges.
        if name != asker.name:
            given = read_whoami_field(heard[0], "X-Forwarded-For") or "nothing"
            of = f"X-Forwarded-For behind {name}:8090"
            expect(asker, given, asker.address, of=of, see=f"curl http://{name}:8090")


def _running(swarm: SwarmSnapshot, name: str, count: int) -> tuple[Task, ...]:
    """Return the tasks of a service that run; there must be so many."""
    found = swarm.list_running_tasks(swarm.find_service(name))
    expect(swarm.manager, len(found), count, of=f"running tasks of {name}", see=_history(name))
    return found


def _expect_both(swarm: SwarmSnapshot, node: str, port: int) -> None:
    """Expect that a node's port leads to both tasks of whoami; all nodes are asked at once, from node1."""
    _expect_heard(swarm, "node1", f"http://{node}:{port}", tuple(f"http://{name}:{port}" for name in _NODES))


def _expect_heard(swarm: SwarmSnapshot, asker: str, url: str, asked: tuple[str, ...]) -> None:
    wanted = {_greeting(task) for task in _running(swarm, "whoami", 2)}
    heard = swarm.query_once(("heard", asker, asked), lambda: _heard(swarm, asker, asked, wanted))[url]
    if heard != wanted:
        seen = f"from {url} one hears {_listed(heard)}"
        fail(swarm.nodes[asker], seen, f"one hears {_listed(wanted)} in turn", f"/root/count {url}")


def _heard(swarm: SwarmSnapshot, asker: str, urls: Iterable[str], wanted: set[str]) -> dict[str, set[str]]:
    """Return who answers to each address, asked four times, and again if somebody was not heard.

    Others ask as well, HAProxy once a second, so that four answers in a row may come from one and the same task.
    """
    found: dict[str, set[str]] = {url: set() for url in urls}
    for again in range(3):
        asked = [(url, f"{url}/?{again}.{number}") for url in found for number in range(4)]
        said = fetch_urls_from_node(swarm, asker, [address for _, address in asked])
        for (url, _), answer in zip(asked, said, strict=True):
            found[url].add(answer)
        if all(wanted <= heard for heard in found.values()):
            break
    return found


def _expect_host_port(swarm: SwarmSnapshot, service: Service, port: PublishedPort) -> None:
    if port not in list_published_ports(service) or port.mode != "host":
        fail(swarm.manager, _doors(service), f"{port.published} in mode host is among them", _inspect(service.name))


def _expect_one_each(swarm: SwarmSnapshot, service: Service) -> None:
    where = sorted(swarm.find_node_name(task.node_id) for task in swarm.list_running_tasks(service))
    expect(
        swarm.manager, _listed(where), _listed(_NODES), of=f"nodes that run {service.name}", see=_history(service.name)
    )


def _expect_lossless(swarm: SwarmSnapshot, name: str, fewest_tasks: int) -> None:
    """Expect a ledger in which nothing is lost, long enough to mean something, with tasks replaced meanwhile."""
    path = f"/root/{name}"
    node, see = swarm.nodes["node1"], f"cat {path}"
    found = parse_request_log(_read(swarm)[name])
    answered = sum(found.answer_counts.values())
    if not found.answer_counts and not found.loss_counts:
        fail(node, f"{path} is missing or empty", "it holds what /root/count writes when it has ended", see)
    if found.loss_counts:
        fail(node, f"requests lost in {path}: {sum(found.loss_counts.values())}", "none is lost", see)
    if answered < _FEWEST:
        fail(node, f"requests counted in {path}: {answered}", f"{_FEWEST} or more", see)
    if len(found.answer_counts) < fewest_tasks:
        seen = f"tasks that answered in {path}: {len(found.answer_counts)}"
        fail(node, seen, f"{fewest_tasks} or more, since tasks were replaced while it counted", see)


def _read(swarm: SwarmSnapshot) -> dict[str, str]:
    """Return what is written in the files on node1, and what HAProxy says of its servers."""
    parts = swarm.run_once("node1", "sh", "-c", _READ).text.split("\x1e")
    return dict(zip(("ingress-table", "ledger-drain", "ledger-ports", "servers"), parts, strict=False))


def _client(swarm: SwarmSnapshot) -> list[str]:
    """Return what the container client says of whoami, tasks.whoami and roll, and what it hears from whoami."""
    node = swarm.nodes["node3"]
    found = swarm.query_once("client", lambda: node.api.api.containers(filters={"name": "^/?client$"}))
    if not found:
        fail(node, "no container called client runs", "client runs on node3", "docker ps --all")
    pid = swarm.query_once("pid", lambda: node.api.api.inspect_container(found[0]["Id"])["State"]["Pid"])
    # In its namespaces, for `docker exec` would take several times as long.
    asked = swarm.run_once("node3", "nsenter", "--target", str(pid), "--mount", "--net", "/bin/sh", "-c", _QUESTIONS)
    parts = asked.text.split("\x1e")
    if len(parts) != 4:
        why = (asked.error_text.strip() or "it does not answer").splitlines()[-1]
        fail(node, f"client cannot be asked: {why}", "client can look names up", _ask_client("nslookup whoami"))
    return parts


def _looked_up(swarm: SwarmSnapshot, question: int) -> set[str]:
    # The name server's own address comes first, before any name.
    _, _, found = _client(swarm)[question].partition("Name:")
    return set(re.findall(r"Address(?: \d+)?: *(\d+\.\d+\.\d+\.\d+)", found))


def _through_doors(swarm: SwarmSnapshot) -> dict[str, list[str]]:
    found = fetch_urls_from_node(swarm, "node1", [f"http://{name}:8090" for name in _NODES for _ in range(6)])
    return {name: found[6 * number : 6 * number + 6] for number, name in enumerate(_NODES)}


def _greeting(task: Task) -> str:
    return f"I'm {find_container_host_name(task)}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "nobody"


def _doors(service: Service) -> str:
    return f"ports of {service.name}: {', '.join(str(port) for port in list_published_ports(service)) or 'none'}"


def _ask_client(command: str) -> str:
    return f"docker exec client {command}"


def _inspect(service: str) -> str:
    return f"docker service inspect --pretty {service}"


def _history(service: str) -> str:
    return f"docker service ps {service}"
