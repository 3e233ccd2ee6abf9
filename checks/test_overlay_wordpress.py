"""Checks of the lab 'overlay-wordpress', in lesson order."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pytest

from checks import CheckNode, Nodes, compose, expect_equal, fail, routing_mesh, step, wordpress
from checks.compose import Container
from checks.expect import NotYet
from checks.placement_constraints import filter_eligible_members
from checks.shared_snapshot import SharedSnapshot
from checks.swarm import Service, SwarmSnapshot, Task, with_swarm_snapshot
from checks.swarm_expectations import expect_all_nodes_ready, expect_only_node1_manages
from checks.wordpress import Post, PostsResponse

_MANUAL_BLOG = "http://node1:8080"
_COMPOSE_BLOG = "http://node2:8080"
_SWARM_BLOGS = ("http://node1", "http://node2", "http://node3")
_NETWORK = "press"
_DATA_FOLDER = "/var/lib/mysql"
_SERVICE_PORT, _CONTAINER_PORT = 80, 8080
_NO_VOLUME, _ANONYMOUS_VOLUME = "no volume", "an anonymous volume"
_ANONYMOUS_NAME = re.compile(r"[0-9a-f]{64}")
_RESTARTING_POLICIES = frozenset({"always", "unless-stopped"})
_DEFAULT_NETWORKS = frozenset({"bridge", "host", "none"})

_LIST_CONTAINERS = "docker ps --all"
# Prints the environment of a replica, its settings, and the HTTP status that it gives without the routing mesh.
_INSPECT_REPLICA = """
tr '\\000' '\\n' <"/proc/$1/environ"; printf '\\036'
cat "/proc/$1/root/var/www/html/wp-config.php"; printf '\\036'
nsenter --target "$1" --net curl --silent --max-time 8 --output /dev/null --write-out '%{http_code}' "$2"
"""


class _LabSnapshot(SwarmSnapshot):
    """The state of the swarm, of the containers on node1 and node2, and of all blogs at one moment."""

    def __init__(self, nodes: Nodes) -> None:
        super().__init__(nodes)
        self.manual = compose.ComposeSnapshot(nodes["node1"])
        self.compose = compose.ComposeSnapshot(nodes["node2"])

    @cached_property
    def blogs(self) -> Mapping[str, PostsResponse]:
        """The responses of all blogs, by address."""
        return wordpress.fetch_posts_responses(self.nodes["node1"], (_MANUAL_BLOG, _COMPOSE_BLOG, *_SWARM_BLOGS))

    def list_posts(self, address: str) -> tuple[Post, ...]:
        """Return the learner's posts in a blog, newest first.

        Raises:
            NotYet: There are none.

        """
        if address not in _SWARM_BLOGS:
            self.expect_port_is_free()
        return wordpress.require_posts(self.nodes["node1"], address, self.blogs[address])

    def expect_port_is_free(self) -> None:
        """Fail if a service publishes the port of the blogs outside the swarm: it takes precedence over containers.

        Raises:
            NotYet: A service publishes the port.

        """
        conflicting = self.query_once(_CONTAINER_PORT, self._find_conflicting_service)
        if conflicting:
            observed = (
                f"the service {conflicting} publishes port {_CONTAINER_PORT}, so containers do not get requests to it"
            )
            fail(self.manager, observed, f"no service publishes port {_CONTAINER_PORT}", "docker service ls")

    def _find_conflicting_service(self) -> str:
        try:
            services = self.services
        except NotYet:  # There is no swarm yet.
            return ""
        return next((service.name for service in services if _CONTAINER_PORT in _list_node_ports(service)), "")

    def inspect_container_once(self, engine: compose.ComposeSnapshot, container: Container) -> Mapping[str, Any]:
        """Return the output of `docker inspect` for a container, which is read only once."""
        return self.query_once(container.id, lambda: engine.node.api.api.inspect_container(container.id))

    def find_network(self) -> Mapping[str, Any]:
        """Return the network of the swarm's blog.

        Raises:
            NotYet: There is no such network.

        """
        networks = self.query_once(_NETWORK, lambda: self.manager.api.api.networks(names=[_NETWORK]))
        # The API also returns networks whose name only contains this name.
        network: Mapping[str, Any] | None = next((entry for entry in networks if entry["Name"] == _NETWORK), None)
        if network is None:
            fail(
                self.manager,
                f"there is no network called {_NETWORK}",
                f"a network called {_NETWORK}",
                "docker network ls",
            )
        return network


@pytest.fixture(scope="module")
def swarm(nodes: Nodes) -> SharedSnapshot[_LabSnapshot]:
    """Return the snapshot of the lab that all checks share."""
    return SharedSnapshot(lambda: _LabSnapshot(nodes))


@step("by-hand")
@with_swarm_snapshot
def test_mysql_and_wordpress_share_a_network(snapshot: _LabSnapshot) -> None:
    """The containers mysql and wordpress run on node1, and share a network that you have created."""
    mysql, blog = (
        snapshot.manual.require_running_containers("mysql")[0],
        snapshot.manual.require_running_containers("wordpress")[0],
    )
    shared = ({*mysql.addresses} & {*blog.addresses}) - _DEFAULT_NETWORKS
    if not shared:
        observed = f"mysql is on {_join(mysql.addresses)}, wordpress on {_join(blog.addresses)}"
        fail(
            snapshot.manual.node,
            observed,
            "both are on one network that you have created",
            "docker network ls; docker ps",
        )


@step("by-hand")
@with_swarm_snapshot
def test_mysql_data_is_on_v1(snapshot: _LabSnapshot) -> None:
    """The data of mysql is stored in the volume v1."""
    mysql = snapshot.manual.require_running_containers("mysql")[0]
    expect_equal(
        snapshot.manual.node,
        f"its data is in {_describe_data_volume(mysql)}",
        "its data is in v1",
        of="mysql",
        see=_mounts_command(mysql),
    )


@step("by-hand")
@with_swarm_snapshot
def test_only_wordpress_is_published(snapshot: _LabSnapshot) -> None:
    """Port 8080 of node1 leads to wordpress, and no port leads to mysql."""
    mysql, blog = (
        snapshot.manual.require_running_containers("mysql")[0],
        snapshot.manual.require_running_containers("wordpress")[0],
    )
    expect_equal(
        snapshot.manual.node,
        _join(mysql.published_ports),
        "none",
        of="published ports of mysql",
        see="docker port mysql",
    )
    ports = _join(f"{outside} to {inside}" for outside, inside in blog.published_ports.items())
    expected, of = f"{_CONTAINER_PORT} to {_SERVICE_PORT}", "published ports of wordpress"
    expect_equal(snapshot.manual.node, ports, expected, of=of, see="docker port wordpress")


@step("by-hand")
@with_swarm_snapshot
def test_wordpress_reaches_mysql(snapshot: _LabSnapshot) -> None:
    """WordPress answers on port 8080 of node1, and reaches its database."""
    snapshot.expect_port_is_free()
    if not snapshot.blogs[_MANUAL_BLOG].is_serving:
        observed = f"the blog at {_MANUAL_BLOG} {snapshot.blogs[_MANUAL_BLOG].summary_phrase}"
        fail(
            snapshot.manual.node, observed, "WordPress answers and reaches its database", f"curl -sS -i {_MANUAL_BLOG}"
        )


@step("first-post")
@with_swarm_snapshot
def test_manual_blog_has_a_post(snapshot: _LabSnapshot) -> None:
    """The blog on port 8080 of node1 shows a post of yours."""
    snapshot.list_posts(_MANUAL_BLOG)


@step("first-post")
@with_swarm_snapshot
def test_post_survived_mysql_replacement(snapshot: _LabSnapshot) -> None:
    """A post is older than the container of mysql: it has survived the replacement of the container."""
    oldest = snapshot.list_posts(_MANUAL_BLOG)[-1]
    if oldest.published_at.timestamp() > snapshot.manual.require_running_containers("mysql")[0].created_at:
        observed = (
            f"the container of mysql is older than the oldest post, '{oldest.title}': it has not been replaced since"
        )
        fail(snapshot.manual.node, observed, "a post was written in an earlier container", "docker ps")


@step("first-post")
@with_swarm_snapshot
def test_containers_have_a_restart_policy(snapshot: _LabSnapshot) -> None:
    """The engine of node1 restarts mysql and wordpress when they exit."""
    for name in ("mysql", "wordpress"):
        _expect_restart_policy(snapshot, snapshot.manual, snapshot.manual.require_running_containers(name)[0])


@step("compose")
@with_swarm_snapshot
def test_compose_runs_db_and_wordpress(snapshot: _LabSnapshot) -> None:
    """Compose runs the services db and wordpress on node2, with a restart policy."""
    for service in ("db", "wordpress"):
        _expect_restart_policy(snapshot, snapshot.compose, _find_compose_container(snapshot, service))


@step("compose")
@with_swarm_snapshot
def test_compose_data_is_on_a_named_volume(snapshot: _LabSnapshot) -> None:
    """The data of db is stored in a named volume."""
    db = _find_compose_container(snapshot, "db")
    if _describe_data_volume(db) in (_NO_VOLUME, _ANONYMOUS_VOLUME):
        fail(
            snapshot.compose.node,
            f"the data of db is in {_describe_data_volume(db)}",
            "it is in a named volume",
            _mounts_command(db),
        )


@step("compose")
@with_swarm_snapshot
def test_root_password_is_random(snapshot: _LabSnapshot) -> None:
    """The root password of the database was generated at random, and is not in any of your files."""
    environment = _parse_environment(
        snapshot.inspect_container_once(snapshot.compose, _find_compose_container(snapshot, "db"))["Config"].get("Env")
    )
    variable = next((name for name in ("MYSQL_ROOT_PASSWORD", "MARIADB_ROOT_PASSWORD") if environment.get(name)), None)
    see = "docker compose config db"
    if variable:
        fail(
            snapshot.compose.node,
            f"the environment of db holds {variable}",
            "it holds MYSQL_RANDOM_ROOT_PASSWORD instead",
            see,
        )
    if not (environment.get("MYSQL_RANDOM_ROOT_PASSWORD") or environment.get("MARIADB_RANDOM_ROOT_PASSWORD")):
        observed = "the environment of db has no MYSQL_RANDOM_ROOT_PASSWORD"
        fail(snapshot.compose.node, observed, "it has this variable, with any value", see)


@step("compose")
@with_swarm_snapshot
def test_compose_blog_has_a_post(snapshot: _LabSnapshot) -> None:
    """The blog on port 8080 of node2 shows a post of yours, and its database publishes no port."""
    db = _find_compose_container(snapshot, "db")
    expect_equal(
        snapshot.compose.node, _join(db.published_ports), "none", of="published ports of db", see="docker compose ps"
    )
    snapshot.list_posts(_COMPOSE_BLOG)


@step("form-swarm")
@with_swarm_snapshot
def test_all_nodes_are_ready(snapshot: _LabSnapshot) -> None:
    """node1, node2 and node3 are ready members of one swarm."""
    expect_all_nodes_ready(snapshot)


@step("form-swarm")
@with_swarm_snapshot
def test_only_node1_manages(snapshot: _LabSnapshot) -> None:
    """node1 manages the swarm, and the other two are workers."""
    expect_only_node1_manages(snapshot)


@step("overlay")
@with_swarm_snapshot
def test_press_is_an_overlay(snapshot: _LabSnapshot) -> None:
    """The network press is an overlay network that standalone containers can join."""
    see = f"docker network inspect {_NETWORK}"
    network = snapshot.find_network()
    expect_equal(snapshot.manager, network["Driver"], "overlay", of=f"the driver of {_NETWORK}", see=see)
    expect_equal(snapshot.manager, bool(network.get("Attachable")), True, of=f"{_NETWORK} is attachable", see=see)


@step("overlay")
@with_swarm_snapshot
def test_lookout_is_on_press(snapshot: _LabSnapshot) -> None:
    """The container lookout runs on node3, and is on the network press."""
    node, see = snapshot.nodes["node3"], "docker inspect lookout"
    entries = node.api.api.containers(filters={"name": "^/?lookout$"})
    if not entries:
        fail(node, "no container called lookout runs", "lookout runs", _LIST_CONTAINERS)
    networks = entries[0]["NetworkSettings"]["Networks"]
    if snapshot.find_network()["Id"] not in {network["NetworkID"] for network in networks.values()}:
        if _NETWORK in networks:
            observed = f"lookout is on another network that is called {_NETWORK} too, a network of {node.name} alone"
            fail(node, observed, f"lookout is on the swarm's network {_NETWORK}", "docker network ls")
        fail(node, f"lookout is on {_join(networks)}", f"lookout is on {_NETWORK}", see)


@step("services")
@with_swarm_snapshot
def test_services_are_on_press(snapshot: _LabSnapshot) -> None:
    """The services db and wordpress run, both on the network press."""
    network = snapshot.find_network()
    for name in ("db", "wordpress"):
        service = snapshot.require_service(name)
        attachments = service.task_template.get("Networks") or service.spec.get("Networks") or ()
        if not {attachment["Target"] for attachment in attachments} & {network["Id"], network["Name"]}:
            observed, see = f"{name} is not on the network {_NETWORK}", f"docker service inspect --pretty {name}"
            fail(snapshot.manager, observed, f"{name} is on {_NETWORK}", see)
        _require_running_task(snapshot, service)


@step("services")
@with_swarm_snapshot
def test_db_is_not_published(snapshot: _LabSnapshot) -> None:
    """The service db publishes no port."""
    ports = _join(_list_node_ports(snapshot.require_service("db")))
    expect_equal(snapshot.manager, ports, "none", of="published ports of db", see="docker service ls")


@step("services")
@with_swarm_snapshot
def test_db_has_a_volume(snapshot: _LabSnapshot) -> None:
    """The service db stores its data in a named volume."""
    mounts = snapshot.require_service("db").task_template["ContainerSpec"].get("Mounts") or ()
    has_volume = any(mount["Target"].rstrip("/") == _DATA_FOLDER and mount.get("Source") for mount in mounts)
    if not has_volume:
        observed, see = f"no named volume is mounted at {_DATA_FOLDER} of db", "docker service inspect --pretty db"
        fail(snapshot.manager, observed, "a named volume", see)


@step("services")
@with_swarm_snapshot
def test_every_node_shows_the_post(snapshot: _LabSnapshot) -> None:
    """The same blog answers on port 80 of all three nodes, and shows a post of yours."""
    first, *others = _SWARM_BLOGS
    ports = routing_mesh.list_published_ports(snapshot.require_service("wordpress"))
    if not (
        snapshot.blogs[first].code
        or (_SERVICE_PORT, _SERVICE_PORT) in {(port.published, port.target) for port in ports}
    ):
        of, expected = "published ports of wordpress", f"{_SERVICE_PORT} to {_SERVICE_PORT}"
        expect_equal(snapshot.manager, _join(ports), expected, of=of, see="docker service inspect --pretty wordpress")
    posts = snapshot.list_posts(first)
    for address in others:
        if snapshot.list_posts(address) != posts:
            observed = (
                f"{address} shows '{snapshot.list_posts(address)[0].title}', and {first} shows '{posts[0].title}'"
            )
            fail(
                snapshot.nodes["node1"],
                observed,
                "every node shows the same posts",
                f"curl -sS '{address}/?rest_route=/wp/v2/posts'",
            )


@step("home")
@with_swarm_snapshot
def test_db_is_pinned_to_one_node(snapshot: _LabSnapshot) -> None:
    """The service db may run on one node only."""
    eligible = [
        member.name for member in filter_eligible_members(snapshot.members, snapshot.require_service("db").constraints)
    ]
    if len(eligible) != 1:
        observed = f"db may run on {_join(eligible)}" if eligible else "no node fits the constraints of db"
        fail(
            snapshot.manager,
            observed,
            "placement constraints let it run on one node only",
            "docker service inspect --pretty db",
        )


@step("home")
@with_swarm_snapshot
def test_posts_survived_task_replacement(snapshot: _LabSnapshot) -> None:
    """The posts are older than the current task of db: they have survived the end of an earlier one."""
    task = _require_running_task(snapshot, snapshot.require_service("db"))
    oldest = snapshot.list_posts(_SWARM_BLOGS[0])[-1]
    if oldest.published_at > task.created_at:
        observed = f"the oldest post, '{oldest.title}', is newer than the current task of db"
        fail(snapshot.manager, observed, "it was written during an earlier task of db", "docker service ps db")


@step("home")
@with_swarm_snapshot
def test_db_was_killed(snapshot: _LabSnapshot) -> None:
    """A container of db was killed, and the swarm has replaced it."""
    db = snapshot.require_service("db")
    if not any(task.has_exited_with_error for task in snapshot.list_tasks(db)):
        fail(snapshot.manager, "no container of db was killed", "one was killed and replaced", "docker service ps db")
    _require_running_task(snapshot, db)


@step("challenge")
@with_swarm_snapshot
def test_each_node_runs_one_wordpress(snapshot: _LabSnapshot) -> None:
    """WordPress runs three replicas, one on each node."""
    see = "docker service ps --filter desired-state=running wordpress"
    nodes = sorted(
        snapshot.describe_member(task.node_id)
        for task in snapshot.list_running_tasks(snapshot.require_service("wordpress"))
    )
    expect_equal(snapshot.manager, _join(nodes), _join(snapshot.nodes), of="wordpress runs on", see=see)


@step("challenge")
@with_swarm_snapshot
def test_no_node_may_run_two_wordpress(snapshot: _LabSnapshot) -> None:
    """No node may run more than one replica of WordPress."""
    blog = snapshot.require_service("wordpress")
    limit = blog.task_template.get("Placement", {}).get("MaxReplicas") or 0
    if blog.mode != "global" and limit != 1:
        observed = f"a node may run {limit or 'any number of'} wordpress replicas"
        fail(
            snapshot.manager,
            observed,
            "a node may run 1 wordpress replica",
            "docker service inspect --pretty wordpress",
        )


@step("challenge")
@with_swarm_snapshot
def test_replicas_share_keys_and_salts(snapshot: _LabSnapshot) -> None:
    """All replicas of WordPress show the posts, and share their keys and salts so that logins work on each of them."""
    blog = snapshot.require_service("wordpress")
    tasks = snapshot.list_running_tasks(blog)
    if len(tasks) < 2:
        see = "docker service ls"
        fail(snapshot.manager, f"replicas of wordpress that run: {len(tasks)}", "2 or more", see)
    with ThreadPoolExecutor() as pool:
        replicas = list(pool.map(lambda task: _read_replica(snapshot, task), tasks))
    _expect_same_keys(replicas)
    for replica in replicas:
        of = f"the HTTP status of {replica.name} without the routing mesh"
        expect_equal(replica.node, replica.status, "200", of=of, see="docker logs CONTAINER")


def _find_compose_container(snapshot: _LabSnapshot, service: str) -> Container:
    running = snapshot.compose.require_running_containers(service)
    container = next((container for container in running if container.project), None)
    if container is None:
        fail(
            snapshot.compose.node,
            f"{service} was started by hand",
            f"Compose started {service}",
            "docker compose ls",
        )
    return container


def _describe_data_volume(container: Container) -> str:
    mount = next((mount for mount in container.mounts if mount["Destination"] == _DATA_FOLDER), None)
    if mount is None:
        return _NO_VOLUME
    name: str = mount.get("Name") or mount.get("Source") or mount["Type"]
    return _ANONYMOUS_VOLUME if _ANONYMOUS_NAME.fullmatch(name) else name


def _mounts_command(container: Container) -> str:
    return "docker inspect --format '{{json .Mounts}}' " + container.name


def _expect_restart_policy(snapshot: _LabSnapshot, engine: compose.ComposeSnapshot, container: Container) -> None:
    policy = snapshot.inspect_container_once(engine, container)["HostConfig"]["RestartPolicy"]["Name"] or "no"
    if policy not in _RESTARTING_POLICIES:
        see = "docker inspect --format '{{.HostConfig.RestartPolicy.Name}}' " + container.name
        fail(engine.node, f"the restart policy of {container.name} is {policy}", "it is unless-stopped or always", see)


def _list_node_ports(service: Service) -> frozenset[int]:
    ports = service.spec.get("EndpointSpec", {}).get("Ports") or ()
    return frozenset(port.get("PublishedPort", port["TargetPort"]) for port in ports)


def _parse_environment(entries: Any) -> Mapping[str, str]:
    return dict(entry.partition("=")[::2] for entry in entries or ())


def _require_running_task(snapshot: _LabSnapshot, service: Service) -> Task:
    tasks = snapshot.list_running_tasks(service)
    if not tasks:
        observed = f"no task of {service.name} runs"
        fail(
            snapshot.manager, observed, f"a task of {service.name} runs", f"docker service ps --no-trunc {service.name}"
        )
    return tasks[0]


@dataclass(frozen=True, slots=True)
class _Replica:
    """A running replica of WordPress: hashes of its keys and salts, and its HTTP status without the routing mesh."""

    name: str
    node: CheckNode
    key_hashes: Mapping[str, str]
    status: str


def _read_replica(snapshot: _LabSnapshot, task: Task) -> _Replica:
    node, name = snapshot.nodes[snapshot.describe_member(task.node_id)], f"wordpress.{task.slot}"
    containers = node.api.api.containers(filters={"label": f"com.docker.swarm.task.id={task.id}"})
    if not containers:
        fail(node, f"{name} has no container yet", "it has a running container", "docker ps")
    pid = node.api.api.inspect_container(containers[0]["Id"])["State"]["Pid"]
    url = f"http://localhost:{_SERVICE_PORT}/?rest_route=/wp/v2/posts&per_page=1"
    environment, settings, status = node.run_command(
        "sh", "-c", _INSPECT_REPLICA, "look", str(pid), url
    ).stdout_text.split("\x1e")
    return _Replica(
        name, node, wordpress.hash_cookie_keys(_parse_environment(environment.splitlines()), settings), status
    )


def _expect_same_keys(replicas: Sequence[_Replica]) -> None:
    for key in replicas[0].key_hashes:
        # A replica that is still starting may not have written its settings yet.
        configured = [replica for replica in replicas if replica.key_hashes[key]]
        first_hash = configured[0].key_hashes[key] if configured else ""
        other = next((replica for replica in configured if replica.key_hashes[key] != first_hash), None)
        if other:
            observed = f"the replicas on {configured[0].node.name} and {other.node.name} have different values of {key}"
            see = "docker exec CONTAINER grep -e KEY -e SALT wp-config.php"
            fail(other.node, observed, "each key and salt is the same in all replicas", see)


def _join(names: Any) -> str:
    return ", ".join(sorted(map(str, names))) or "none"
