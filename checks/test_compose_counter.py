"""Checks of the lab 'compose-counter', in lesson order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from checks import Nodes, expect_equal, fail, step
from checks.compose import ComposeSnapshot, Container, SharedComposeSnapshot, with_compose_snapshot

_PROJECT = "counter"
_PROJECT_LABEL = "com.docker.compose.project"
_SUBNET = "10.77.0.0/24"
_PORT = 5000
_REPLICAS = 5
# More than enough requests to reach all replicas behind a load balancer that takes turns.
_REQUESTS = 30
_ANONYMOUS_VOLUME = re.compile(r"[0-9a-f]{64}")

_LIST_CONTAINERS = "docker ps --all"
_SHOW_COUNT = f"curl localhost:{_PORT}/count"


@pytest.fixture(scope="module")
def app(nodes: Nodes) -> SharedComposeSnapshot:
    """Return the snapshot of the containers on node1 that all checks share."""
    return SharedComposeSnapshot(nodes["node1"])


@step("image")
@with_compose_snapshot
def test_image_counter_exists(app: ComposeSnapshot) -> None:
    """node1 has an image called counter."""
    _inspect_image(app)


@step("image")
@with_compose_snapshot
def test_counter_starts_the_app(app: ComposeSnapshot) -> None:
    """The image counter was built from the Dockerfile and starts the app."""
    config = _inspect_image(app)["Config"]
    command = " ".join([*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ())])
    if "flask" not in command and "app" not in command:
        see = "docker image inspect --format '{{.Config.Cmd}}' counter"
        fail(app.node, f"the image counter starts '{command}'", "it starts the app with flask", see)


@step("by-hand")
@with_compose_snapshot
def test_web_and_redis_share_a_network(app: ComposeSnapshot) -> None:
    """The containers web and redis run, and share a network with the subnet 10.77.0.0/24."""
    web, redis = app.require_running_containers("web")[0], app.require_running_containers("redis")[0]
    shared = sorted({*web.addresses} & {*redis.addresses})
    if any(_SUBNET in app.list_network_subnets(name) for name in shared):
        return
    networks = ", ".join(
        f"{name} ({', '.join(sorted(app.list_network_subnets(name))) or 'no subnet'})" for name in shared
    )
    observed = f"web and redis share {networks or 'no network'}"
    fail(app.node, observed, f"they share a network with the subnet {_SUBNET}", "docker network inspect NAME")


@step("by-hand")
@with_compose_snapshot
def test_port_5000_counts_visits(app: ComposeSnapshot) -> None:
    """The app answers on port 5000 of node1, and has counted a visit."""
    _require_visits(app, _fetch_count(app))


@step("compose-file")
@with_compose_snapshot
def test_compose_runs_web_and_redis(app: ComposeSnapshot) -> None:
    """Compose runs web and redis, as the project counter."""
    for service in ("web", "redis"):
        _find_compose_container(app, service)


@step("compose-file")
@with_compose_snapshot
def test_compose_created_the_network(app: ComposeSnapshot) -> None:
    """Compose created the network of web and redis, with the subnet 10.77.0.0/24."""
    web, redis = _find_compose_container(app, "web"), _find_compose_container(app, "redis")
    shared = {*web.addresses} & {*redis.addresses}
    created = {name for name in shared if (app.networks.get(name, {}).get("Labels") or {}).get(_PROJECT_LABEL)}
    if not any(_SUBNET in app.list_network_subnets(name) for name in created):
        subnets = ", ".join(sorted(subnet for name in shared for subnet in app.list_network_subnets(name))) or "none"
        observed = f"the subnets that Compose gave to web and redis: {subnets}"
        fail(app.node, observed, f"{_SUBNET}, from the key 'networks' of the Compose file", "docker compose config")


@step("compose-file", after=["by-hand"])
@with_compose_snapshot
def test_manual_containers_are_removed(app: ComposeSnapshot) -> None:
    """The containers web and redis that were started by hand are removed."""
    started_by_hand = (container.name for container in app.containers if not container.project)
    remaining = [name for name in started_by_hand if name in ("web", "redis")]
    if remaining:
        fail(
            app.node,
            f"started by hand and still there: {', '.join(remaining)}",
            "only the containers that Compose started",
            _LIST_CONTAINERS,
        )


@step("compose-file")
@with_compose_snapshot
def test_web_has_greeting_variable(app: ComposeSnapshot) -> None:
    """The greeting of web comes from the environment variable GREETING."""
    web = _find_compose_container(app, "web")
    variables = app.node.api.api.inspect_container(web.id)["Config"].get("Env") or ()
    if not any(variable.startswith("GREETING=") and variable != "GREETING=" for variable in variables):
        names = ", ".join(sorted(variable.partition("=")[0] for variable in variables)) or "none"
        fail(app.node, f"the variables of web: {names}", "GREETING is one of them", "docker compose exec web env")


@step("health")
@with_compose_snapshot
def test_redis_is_healthy(app: ComposeSnapshot) -> None:
    """The service redis has a health check, and is healthy."""
    redis = _find_compose_container(app, "redis")
    expect_equal(app.node, redis.health, "healthy", of="the health of redis", see="docker compose ps")


@step("health")
@with_compose_snapshot
def test_web_waits_for_redis(app: ComposeSnapshot) -> None:
    """Compose starts web only after redis is healthy."""
    _expect_waits_for(app, _find_compose_container(app, "web"), "redis")


@step("keep")
@with_compose_snapshot
def test_redis_data_outlives_containers(app: ComposeSnapshot) -> None:
    """The data of redis in /data is stored outside its containers: in a named volume or a folder of the node."""
    _expect_persistent_data(app)


@step("keep")
@with_compose_snapshot
def test_count_survived_redis_replacement(app: ComposeSnapshot) -> None:
    """The count is older than the container of redis: it has survived the replacement of the container."""
    redis = _expect_persistent_data(app)
    count = _fetch_count(app)
    _require_visits(app, count)
    since = float(count["since"] or 0)
    if since >= redis.created_at:
        observed = "the container of redis is older than its count: it has not been replaced since counting began"
        fail(app.node, observed, "the count began in an earlier container", f"docker compose ps; {_SHOW_COUNT}")


@step("keep")
@with_compose_snapshot
def test_redis_uses_append_only_file(app: ComposeSnapshot) -> None:
    """The service redis writes each change to disk at once, so that even a kill loses nothing."""
    redis = _find_compose_container(app, "redis")
    result = app.node.run_command("docker", "exec", redis.id, "redis-cli", "config", "get", "appendonly")
    fields = result.stdout_text.split()
    setting = fields[1] if len(fields) > 1 else "unknown"
    expect_equal(
        app.node, setting, "yes", of="appendonly", see="docker compose exec redis redis-cli config get appendonly"
    )


@step("scale")
@with_compose_snapshot
def test_five_web_replicas_run(app: ComposeSnapshot) -> None:
    """Five replicas of web run."""
    _require_five_replicas(app)


@step("scale")
@with_compose_snapshot
def test_replicas_share_one_count(app: ComposeSnapshot) -> None:
    """All five replicas answer, and all show the same count."""
    replicas = _require_five_replicas(app)
    answers = app.fetch_urls(f"http://{next(iter(replica.addresses.values()))}:{_PORT}/count" for replica in replicas)
    counts = {
        _require_visits(app, _require_count(app, answer, replica.name))
        for replica, answer in zip(replicas, answers, strict=True)
    }
    if len(counts) > 1:
        observed = f"the replicas show different counts: {', '.join(map(str, sorted(counts)))}"
        fail(app.node, observed, "they share one count", "docker compose ps")


@step("scale")
@with_compose_snapshot
def test_compose_file_declares_five_replicas(app: ComposeSnapshot) -> None:
    """The Compose file declares five replicas of web, so that the next 'up' keeps them."""
    config = app.query_compose_config(_find_compose_container(app, "web")).get("services", {}).get("web", {})
    declared = config.get("deploy", {}).get("replicas") or config.get("scale") or 1
    expect_equal(
        app.node, declared, _REPLICAS, of="replicas of web in the Compose file", see="docker compose config web"
    )


@step("challenge")
@with_compose_snapshot
def test_web_publishes_no_port(app: ComposeSnapshot) -> None:
    """Five replicas of web run, and none of them publishes a port."""
    ports = sorted({port for replica in _require_five_replicas(app) for port in replica.published_ports})
    if ports:
        observed = f"web publishes {', '.join(map(str, ports))}"
        fail(app.node, observed, "only door publishes a port", "docker compose ps")


@step("challenge")
@with_compose_snapshot
def test_web_replicas_are_healthy(app: ComposeSnapshot) -> None:
    """Every replica of web has a health check, and is healthy."""
    for replica in _require_five_replicas(app):
        expect_equal(app.node, replica.health, "healthy", of=f"the health of {replica.name}", see="docker compose ps")


@step("challenge")
@with_compose_snapshot
def test_door_reaches_all_replicas(app: ComposeSnapshot) -> None:
    """Thirty requests to port 5000 of door reach each of the five replicas (they do not count as visits)."""
    door = _find_compose_container(app, "door")
    if _PORT not in door.published_ports:
        ports = ", ".join(map(str, sorted(door.published_ports))) or "no port"
        fail(app.node, f"door publishes {ports}", f"door publishes {_PORT}", "docker compose ps")
    url = f"http://localhost:{_PORT}/count"
    answered_by = {
        str(_require_count(app, answer, f"port {_PORT}")["by"]) for answer in app.fetch_urls([url] * _REQUESTS)
    }
    replicas = _require_five_replicas(app)
    missing = sorted(replica.name for replica in replicas if replica.id[:12] not in answered_by)
    if missing:
        reached = _REPLICAS - len(missing)
        observed = f"{_REQUESTS} requests were answered by {reached} of the {_REPLICAS} replicas, never by {missing[0]}"
        fail(
            app.node,
            observed,
            f"they were answered by all {_REPLICAS}",
            f"for i in $(seq {_REPLICAS}); do {_SHOW_COUNT}; done",
        )


@step("challenge")
@with_compose_snapshot
def test_door_waits_for_web(app: ComposeSnapshot) -> None:
    """Compose starts door only after web is healthy."""
    _expect_waits_for(app, _find_compose_container(app, "door"), "web")


def _inspect_image(app: ComposeSnapshot) -> Mapping[str, Any]:
    images = app.node.api.api.images("counter")
    if not images:
        fail(app.node, "there is no image called counter", "an image called counter", "docker images")
    image: Mapping[str, Any] = app.node.api.api.inspect_image(images[0]["Id"])
    return image


def _find_compose_container(app: ComposeSnapshot, service: str) -> Container:
    """Return a running container of a service that belongs to the lab's project."""
    running = app.require_running_containers(service)
    container = next((container for container in running if container.project == _PROJECT), None)
    if container is None:
        project = running[0].project
        observed = (
            f"{running[0].name} belongs to the project {project}" if project else f"{service} was started by hand"
        )
        fail(app.node, observed, f"{service} belongs to the Compose project {_PROJECT}", "docker compose ls; docker ps")
    return container


def _fetch_count(app: ComposeSnapshot) -> Mapping[str, Any]:
    return _require_count(app, app.fetch_urls([f"http://localhost:{_PORT}/count"])[0], f"port {_PORT}")


def _require_count(app: ComposeSnapshot, answer: Mapping[str, Any] | str, source: str) -> Mapping[str, Any]:
    if isinstance(answer, str) or "visits" not in answer:
        text = " ".join(str(answer).split())
        observed = f"{source} says '{text[:120]}'" if answer else f"{source} does not answer"
        fail(app.node, observed, f"{source} shows the count", _SHOW_COUNT)
    return answer


def _require_visits(app: ComposeSnapshot, count: Mapping[str, Any]) -> int:
    visits = int(count["visits"])
    if visits < 1:
        fail(app.node, "no visit has been counted yet", "one visit or more", f"curl localhost:{_PORT}; {_SHOW_COUNT}")
    return visits


def _expect_waits_for(app: ComposeSnapshot, container: Container, other: str) -> None:
    condition = container.dependency_conditions.get(other, "nothing")
    prefix = f"before it starts {container.service}, Compose waits for {other} to be"
    descriptions = {"service_healthy": "healthy", "service_started": "started", "nothing": "nothing at all"}
    observed = descriptions.get(condition, condition)
    expect_equal(
        app.node, f"{prefix} {observed}", f"{prefix} healthy", see=f"docker compose config {container.service}"
    )


def _expect_persistent_data(app: ComposeSnapshot) -> Container:
    redis = _find_compose_container(app, "redis")
    mount = next((mount for mount in redis.mounts if mount["Destination"] == "/data"), None)
    see = "docker inspect --format '{{json .Mounts}}' " + redis.name
    if mount is None:
        fail(app.node, "nothing is mounted at /data of redis", "a named volume", see)
    if mount["Type"] == "volume" and _ANONYMOUS_VOLUME.fullmatch(mount.get("Name", "")):
        fail(app.node, "/data of redis is an anonymous volume", "a named volume", see)
    if mount["Type"] == "tmpfs":
        fail(app.node, "/data of redis is in memory", "a named volume", see)
    return redis


def _require_five_replicas(app: ComposeSnapshot) -> tuple[Container, ...]:
    _find_compose_container(app, "web")
    replicas = tuple(container for container in app.require_running_containers("web") if container.project == _PROJECT)
    expect_equal(app.node, len(replicas), _REPLICAS, of="running replicas of web", see="docker compose ps")
    return replicas
