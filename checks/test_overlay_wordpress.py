"""The checks of the lab 'overlay-wordpress', in the order of its lesson."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pytest

from checks import CheckNode, Nodes, compose, expect, fail, routing_mesh, step, wordpress
from checks.compose import Container
from checks.expect import NotYet
from checks.placement_constraints import filter_eligible_members
from checks.shared_snapshot import SharedSnapshot
from checks.swarm import Service, SwarmSnapshot, Task, with_swarm_snapshot
from checks.swarm_expectations import expect_all_nodes_ready, expect_only_node1_manages
from checks.wordpress import BlogResponse, Post

_BY_HAND = "http://node1:8080"
_BY_COMPOSE = "http://node2:8080"
_ON_THE_SWARM = ("http://node1", "http://node2", "http://node3")
_NETWORK = "press"
_DATA = "/var/lib/mysql"
_PORT, _FIRST_PORT = 80, 8080
_NOWHERE, _NAMELESS = "no volume", "a volume without a name"
_ANONYMOUS = re.compile(r"[0-9a-f]{64}")
_COMES_BACK = frozenset({"always", "unless-stopped"})
_SHARED_BY_ALL = frozenset({"bridge", "host", "none"})

_ALL = "docker ps --all"
# A replica's environment, its settings, and what it says itself, past the mesh: all in one go.
_LOOK_INSIDE = """
tr '\\000' '\\n' <"/proc/$1/environ"; printf '\\036'
cat "/proc/$1/root/var/www/html/wp-config.php"; printf '\\036'
nsenter --target "$1" --net curl --silent --max-time 8 --output /dev/null --write-out '%{http_code}' "$2"
"""


class _Look(SwarmSnapshot):
    """What the swarm, two engines and the blogs say at one moment."""

    def __init__(self, nodes: Nodes) -> None:
        super().__init__(nodes)
        self.by_hand = compose.ComposeSnapshot(nodes["node1"])
        self.composed = compose.ComposeSnapshot(nodes["node2"])

    @cached_property
    def blogs(self) -> Mapping[str, BlogResponse]:
        """What answers at the addresses of all blogs."""
        return wordpress.fetch_blogs(self.nodes["node1"], (_BY_HAND, _BY_COMPOSE, *_ON_THE_SWARM))

    def posts(self, address: str) -> tuple[Post, ...]:
        """Return the posts of a blog that somebody has written, newest first.

        Raises:
            NotYet: There are none.

        """
        if address not in _ON_THE_SWARM:
            self.expect_no_rival()
        return wordpress.extract_posts(self.nodes["node1"], address, self.blogs[address])

    def expect_no_rival(self) -> None:
        """Expect the port of the blogs without the swarm to be theirs: a service's comes before a container's.

        Raises:
            NotYet: A service has it.

        """
        rival = self.query_once(_FIRST_PORT, self._rival)
        if rival:
            seen = f"the service {rival} publishes port {_FIRST_PORT}, and so takes it from the containers on all nodes"
            fail(self.manager, seen, f"port {_FIRST_PORT} is left to the containers", "docker service ls")

    def _rival(self) -> str:
        try:
            services = self.services
        except NotYet:  # There is no swarm yet.
            return ""
        return next((one.name for one in services if _FIRST_PORT in _published(one)), "")

    def inspected(self, engine: compose.ComposeSnapshot, container: Container) -> Mapping[str, Any]:
        """Return all that an engine knows of a container."""
        return self.query_once(container.id, lambda: engine.node.api.api.inspect_container(container.id))

    def network(self) -> Mapping[str, Any]:
        """Return the network of the swarm's blog.

        Raises:
            NotYet: There is none.

        """
        found = self.query_once(_NETWORK, lambda: self.manager.api.api.networks(names=[_NETWORK]))
        match: Mapping[str, Any] | None = next((one for one in found if one["Name"] == _NETWORK), None)
        if match is None:
            fail(self.manager, f"there is no network called {_NETWORK}", "there is one", "docker network ls")
        return match


@pytest.fixture(scope="module")
def swarm(nodes: Nodes) -> SharedSnapshot[_Look]:
    """Return all that the checks look at together."""
    return SharedSnapshot(lambda: _Look(nodes))


@step("by-hand")
@with_swarm_snapshot
def test_both_share_a_network(snapshot: _Look) -> None:
    """The containers mysql and wordpress run on node1, and share a network of their own."""
    mysql, blog = snapshot.by_hand.list_running("mysql")[0], snapshot.by_hand.list_running("wordpress")[0]
    shared = ({*mysql.addresses} & {*blog.addresses}) - _SHARED_BY_ALL
    if not shared:
        have = f"mysql is on {_listed(mysql.addresses)}, wordpress on {_listed(blog.addresses)}"
        fail(
            snapshot.by_hand.node, have, "both are on one network that you have created", "docker network ls; docker ps"
        )


@step("by-hand")
@with_swarm_snapshot
def test_mysql_keeps_to_v1(snapshot: _Look) -> None:
    """The data of mysql lies in the volume v1."""
    mysql = snapshot.by_hand.list_running("mysql")[0]
    expect(snapshot.by_hand.node, f"its data is in {_home(mysql)}", "its data is in v1", of="mysql", see=_mounts(mysql))


@step("by-hand")
@with_swarm_snapshot
def test_only_the_page_is_published(snapshot: _Look) -> None:
    """Port 8080 of node1 leads to wordpress, and no port leads to mysql."""
    mysql, blog = snapshot.by_hand.list_running("mysql")[0], snapshot.by_hand.list_running("wordpress")[0]
    expect(
        snapshot.by_hand.node,
        _listed(mysql.published_ports),
        "none",
        of="published ports of mysql",
        see="docker port mysql",
    )
    doors = _listed(f"{outside} to {inside}" for outside, inside in blog.published_ports.items())
    wanted, of = f"{_FIRST_PORT} to {_PORT}", "published ports of wordpress"
    expect(snapshot.by_hand.node, doors, wanted, of=of, see="docker port wordpress")


@step("by-hand")
@with_swarm_snapshot
def test_wordpress_reaches_mysql(snapshot: _Look) -> None:
    """WordPress answers on port 8080 of node1, and reaches its database."""
    snapshot.expect_no_rival()
    if not snapshot.blogs[_BY_HAND].is_serving:
        seen = f"the blog at {_BY_HAND} {snapshot.blogs[_BY_HAND].summary}"
        fail(snapshot.by_hand.node, seen, "WordPress, with its database behind it", f"curl -sS -i {_BY_HAND}")


@step("first-post")
@with_swarm_snapshot
def test_post_by_hand(snapshot: _Look) -> None:
    """The blog on port 8080 of node1 shows a post of yours."""
    snapshot.posts(_BY_HAND)


@step("first-post")
@with_swarm_snapshot
def test_post_has_outlived_mysql(snapshot: _Look) -> None:
    """A post is older than the container of mysql: it has survived a change of containers."""
    oldest = snapshot.posts(_BY_HAND)[-1]
    if oldest.published_at.timestamp() > snapshot.by_hand.list_running("mysql")[0].created_at:
        seen = f"the container of mysql is older than the oldest post, '{oldest.title}': it has not been replaced since"
        fail(snapshot.by_hand.node, seen, "the post was written in a container that is gone", "docker ps")


@step("first-post")
@with_swarm_snapshot
def test_engine_brings_both_back(snapshot: _Look) -> None:
    """The engine of node1 starts mysql and wordpress again when they end."""
    for name in ("mysql", "wordpress"):
        _expect_restarted(snapshot, snapshot.by_hand, snapshot.by_hand.list_running(name)[0])


@step("compose")
@with_swarm_snapshot
def test_compose_runs_both(snapshot: _Look) -> None:
    """Compose runs the services db and wordpress on node2, and starts them again when they end."""
    for service in ("db", "wordpress"):
        _expect_restarted(snapshot, snapshot.composed, _composed(snapshot, service))


@step("compose")
@with_swarm_snapshot
def test_compose_keeps_the_data(snapshot: _Look) -> None:
    """The data of db lies in a volume that has a name."""
    db = _composed(snapshot, "db")
    if _home(db) in (_NOWHERE, _NAMELESS):
        fail(snapshot.composed.node, f"the data of db is in {_home(db)}", "it is in a volume with a name", _mounts(db))


@step("compose")
@with_swarm_snapshot
def test_nobody_knows_roots_password(snapshot: _Look) -> None:
    """The password of the database's root was made at random, and stands in no file of yours."""
    given = _environment(snapshot.inspected(snapshot.composed, _composed(snapshot, "db"))["Config"].get("Env"))
    told = next((name for name in ("MYSQL_ROOT_PASSWORD", "MARIADB_ROOT_PASSWORD") if given.get(name)), None)
    see = "docker compose config db"
    if told:
        fail(
            snapshot.composed.node,
            f"the environment of db holds {told}",
            "MYSQL_RANDOM_ROOT_PASSWORD in its place",
            see,
        )
    if not (given.get("MYSQL_RANDOM_ROOT_PASSWORD") or given.get("MARIADB_RANDOM_ROOT_PASSWORD")):
        seen = "the environment of db has no MYSQL_RANDOM_ROOT_PASSWORD"
        fail(snapshot.composed.node, seen, "it has one, with any value", see)


@step("compose")
@with_swarm_snapshot
def test_post_by_compose(snapshot: _Look) -> None:
    """The blog on port 8080 of node2 shows a post of yours; its database is not published."""
    db = _composed(snapshot, "db")
    expect(
        snapshot.composed.node, _listed(db.published_ports), "none", of="published ports of db", see="docker compose ps"
    )
    snapshot.posts(_BY_COMPOSE)


@step("form-swarm")
@with_swarm_snapshot
def test_all_are_ready_members(snapshot: _Look) -> None:
    """node1, node2 and node3 are ready members of one swarm."""
    expect_all_nodes_ready(snapshot)


@step("form-swarm")
@with_swarm_snapshot
def test_node1_manages(snapshot: _Look) -> None:
    """node1 manages the swarm, and the other two are workers."""
    expect_only_node1_manages(snapshot)


@step("overlay")
@with_swarm_snapshot
def test_press_is_an_overlay(snapshot: _Look) -> None:
    """The network press is an overlay of the swarm, which containers started by hand may join."""
    see = f"docker network inspect {_NETWORK}"
    network = snapshot.network()
    expect(snapshot.manager, network["Driver"], "overlay", of=f"the driver of {_NETWORK}", see=see)
    expect(snapshot.manager, bool(network.get("Attachable")), True, of=f"{_NETWORK} is attachable", see=see)


@step("overlay")
@with_swarm_snapshot
def test_lookout_is_on_press(snapshot: _Look) -> None:
    """The container lookout runs on node3, and is on the network press."""
    node, see = snapshot.nodes["node3"], "docker inspect lookout"
    entries = node.api.api.containers(filters={"name": "^/?lookout$"})
    if not entries:
        fail(node, "no container called lookout runs", "lookout runs", _ALL)
    joined = entries[0]["NetworkSettings"]["Networks"]
    if snapshot.network()["Id"] not in {one["NetworkID"] for one in joined.values()}:
        if _NETWORK in joined:
            seen = f"lookout is on another network that is called {_NETWORK} too, {node.name}'s own"
            fail(node, seen, f"lookout is on {_NETWORK}, the swarm's", "docker network ls")
        fail(node, f"lookout is on {_listed(joined)}", f"lookout is on {_NETWORK}", see)


@step("services")
@with_swarm_snapshot
def test_both_are_on_press(snapshot: _Look) -> None:
    """The services db and wordpress run, both of them on the network press."""
    network = snapshot.network()
    for name in ("db", "wordpress"):
        service = snapshot.find_service(name)
        given = service.task_template.get("Networks") or service.spec.get("Networks") or ()
        if not {one["Target"] for one in given} & {network["Id"], network["Name"]}:
            seen, see = f"{name} is not on the network {_NETWORK}", f"docker service inspect --pretty {name}"
            fail(snapshot.manager, seen, f"{name} is on {_NETWORK}", see)
        _running(snapshot, service)


@step("services")
@with_swarm_snapshot
def test_db_is_not_published(snapshot: _Look) -> None:
    """The service db publishes no port."""
    ports = _listed(_published(snapshot.find_service("db")))
    expect(snapshot.manager, ports, "none", of="published ports of db", see="docker service ls")


@step("services")
@with_swarm_snapshot
def test_db_has_a_volume(snapshot: _Look) -> None:
    """Whatever task the service db gets, its data lies in a volume that has a name."""
    mounts = snapshot.find_service("db").task_template["ContainerSpec"].get("Mounts") or ()
    named = any(one["Target"].rstrip("/") == _DATA and one.get("Source") for one in mounts)
    if not named:
        seen, see = f"nothing with a name is mounted at {_DATA} of db", "docker service inspect --pretty db"
        fail(snapshot.manager, seen, "a volume with a name", see)


@step("services")
@with_swarm_snapshot
def test_every_node_shows_the_post(snapshot: _Look) -> None:
    """On port 80 of each of the three nodes the same blog answers, and shows a post of yours."""
    first, *others = _ON_THE_SWARM
    doors = routing_mesh.list_published_ports(snapshot.find_service("wordpress"))
    if not (snapshot.blogs[first].code or (_PORT, _PORT) in {(door.published, door.target) for door in doors}):
        of, wanted = "published ports of wordpress", f"{_PORT} to {_PORT}"
        expect(snapshot.manager, _listed(doors), wanted, of=of, see="docker service inspect --pretty wordpress")
    posts = snapshot.posts(first)
    for address in others:
        if snapshot.posts(address) != posts:
            seen = f"{address} shows '{snapshot.posts(address)[0].title}', and {first} shows '{posts[0].title}'"
            fail(
                snapshot.nodes["node1"],
                seen,
                "the same posts on every node",
                f"curl -sS '{address}/?rest_route=/wp/v2/posts'",
            )


@step("home")
@with_swarm_snapshot
def test_db_has_one_home(snapshot: _Look) -> None:
    """The service db may run on one node only."""
    homes = [
        member.name for member in filter_eligible_members(snapshot.members, snapshot.find_service("db").constraints)
    ]
    if len(homes) != 1:
        seen = f"db may run on {_listed(homes)}" if homes else "no node fits the constraints of db"
        fail(snapshot.manager, seen, "a placement constraint leaves it one node", "docker service inspect --pretty db")


@step("home")
@with_swarm_snapshot
def test_posts_have_outlived_the_task(snapshot: _Look) -> None:
    """The posts are older than the task of db: they have survived its death."""
    task = _running(snapshot, snapshot.find_service("db"))
    oldest = snapshot.posts(_ON_THE_SWARM[0])[-1]
    if oldest.published_at > task.created_at:
        seen = f"the oldest post, '{oldest.title}', is younger than the task that keeps it"
        fail(snapshot.manager, seen, "it was written while another task, now gone, kept it", "docker service ps db")


@step("home")
@with_swarm_snapshot
def test_db_was_killed(snapshot: _Look) -> None:
    """A container of db was killed, and the swarm has replaced it."""
    db = snapshot.find_service("db")
    if not any(task.was_killed for task in snapshot.list_tasks(db)):
        fail(snapshot.manager, "no container of db was killed", "one was, and is replaced", "docker service ps db")
    _running(snapshot, db)


@step("challenge")
@with_swarm_snapshot
def test_one_on_each_node(snapshot: _Look) -> None:
    """WordPress runs three times, once on each node."""
    see = "docker service ps --filter desired-state=running wordpress"
    places = sorted(
        snapshot.find_node_name(task.node_id)
        for task in snapshot.list_running_tasks(snapshot.find_service("wordpress"))
    )
    expect(snapshot.manager, _listed(places), _listed(snapshot.nodes), of="wordpress runs on", see=see)


@step("challenge")
@with_swarm_snapshot
def test_never_two_on_a_node(snapshot: _Look) -> None:
    """No node may ever run two of them."""
    blog = snapshot.find_service("wordpress")
    most = blog.task_template.get("Placement", {}).get("MaxReplicas") or 0
    if blog.mode != "global" and most != 1:
        seen = f"a node may run {most} of wordpress" if most else "a node may run any number of wordpress"
        fail(snapshot.manager, seen, "a node may run 1 of wordpress", "docker service inspect --pretty wordpress")


@step("challenge")
@with_swarm_snapshot
def test_all_sign_alike(snapshot: _Look) -> None:
    """Each replica of WordPress shows the posts, and all sign with the same keys: none throws an editor out."""
    blog = snapshot.find_service("wordpress")
    tasks = snapshot.list_running_tasks(blog)
    if len(tasks) < 2:
        see = "docker service ls"
        fail(snapshot.manager, f"replicas of wordpress that run: {len(tasks)}", "several, which sign alike", see)
    with ThreadPoolExecutor() as pool:
        replicas = list(pool.map(lambda task: _replica(snapshot, task), tasks))
    _expect_alike(replicas)
    for one in replicas:
        of = f"the status of a request to {one.name} itself"
        expect(one.node, one.status, "200", of=of, see="docker logs CONTAINER")


def _composed(snapshot: _Look, service: str) -> Container:
    running = snapshot.composed.list_running(service)
    found = next((one for one in running if one.project), None)
    if found is None:
        fail(
            snapshot.composed.node,
            f"{service} was started by hand",
            f"Compose has started {service}",
            "docker compose ls",
        )
    return found


def _home(container: Container) -> str:
    mount = next((one for one in container.mounts if one["Destination"] == _DATA), None)
    if mount is None:
        return _NOWHERE
    name: str = mount.get("Name") or mount.get("Source") or mount["Type"]
    return _NAMELESS if _ANONYMOUS.fullmatch(name) else name


def _mounts(container: Container) -> str:
    return "docker inspect --format '{{json .Mounts}}' " + container.name


def _expect_restarted(snapshot: _Look, engine: compose.ComposeSnapshot, container: Container) -> None:
    policy = snapshot.inspected(engine, container)["HostConfig"]["RestartPolicy"]["Name"] or "no"
    if policy not in _COMES_BACK:
        see = "docker inspect --format '{{.HostConfig.RestartPolicy.Name}}' " + container.name
        fail(engine.node, f"the restart policy of {container.name} is {policy}", "it is unless-stopped or always", see)


def _published(service: Service) -> frozenset[int]:
    found = service.spec.get("EndpointSpec", {}).get("Ports") or ()
    return frozenset(one.get("PublishedPort", one["TargetPort"]) for one in found)


def _environment(entries: Any) -> Mapping[str, str]:
    return dict(entry.partition("=")[::2] for entry in entries or ())


def _running(snapshot: _Look, service: Service) -> Task:
    tasks = snapshot.list_running_tasks(service)
    if not tasks:
        seen = f"no task of {service.name} runs"
        fail(snapshot.manager, seen, f"a task of {service.name} runs", f"docker service ps --no-trunc {service.name}")
    return tasks[0]


@dataclass(frozen=True, slots=True)
class _Replica:
    """A running replica of WordPress: what it signs with, and what it answers past the mesh."""

    name: str
    node: CheckNode
    signs: Mapping[str, str]
    status: str


def _replica(snapshot: _Look, task: Task) -> _Replica:
    node, name = snapshot.nodes[snapshot.find_node_name(task.node_id)], f"wordpress.{task.slot}"
    found = node.api.api.containers(filters={"label": f"com.docker.swarm.task.id={task.id}"})
    if not found:
        fail(node, f"{name} has no container yet", "it has one that runs", "docker ps")
    pid = node.api.api.inspect_container(found[0]["Id"])["State"]["Pid"]
    url = f"http://localhost:{_PORT}/?rest_route=/wp/v2/posts&per_page=1"
    environment, settings, status = node.run("sh", "-c", _LOOK_INSIDE, "look", str(pid), url).text.split("\x1e")
    return _Replica(name, node, wordpress.fingerprint_keys(_environment(environment.splitlines()), settings), status)


def _expect_alike(replicas: Sequence[_Replica]) -> None:
    for key in replicas[0].signs:
        # One that is still starting may not have written its settings yet.
        told = [one for one in replicas if one.signs[key]]
        other = next((one for one in told if one.signs[key] != told[0].signs[key]), None)
        if other:
            seen = f"the replicas on {told[0].node.name} and {other.node.name} have different values of {key}"
            see = "docker exec CONTAINER grep -e KEY -e SALT wp-config.php"
            fail(other.node, seen, "each key and salt is the same for all", see)


def _listed(names: Any) -> str:
    return ", ".join(sorted(map(str, names))) or "none"
