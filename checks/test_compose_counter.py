"""The checks of the lab 'compose-counter', in the order of its lesson."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from checks import Nodes, expect, fail, step
from checks.compose import ComposeSnapshot, Container, SharedComposeSnapshot, with_compose_snapshot

_PROJECT = "counter"
_PROJECT_LABEL = "com.docker.compose.project"
_SUBNET = "10.77.0.0/24"
_PORT = 5000
_REPLICAS = 5
# More than enough for a door that takes turns.
_ROUNDS = 30
_ANONYMOUS = re.compile(r"[0-9a-f]{64}")

_ALL = "docker ps --all"
_COUNT = f"curl localhost:{_PORT}/count"


@pytest.fixture(scope="module")
def app(nodes: Nodes) -> SharedComposeSnapshot:
    """Return the containers on node1, which all checks look at together."""
    return SharedComposeSnapshot(nodes["node1"])


@step("image")
@with_compose_snapshot
def test_counter_is_built(app: ComposeSnapshot) -> None:
    """node1 has an image called counter."""
    _image(app)


@step("image")
@with_compose_snapshot
def test_counter_starts_the_app(app: ComposeSnapshot) -> None:
    """The image counter was built from the Dockerfile: it starts the app."""
    config = _image(app)["Config"]
    line = " ".join([*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ())])
    if "flask" not in line and "app" not in line:
        see = "docker image inspect --format '{{.Config.Cmd}}' counter"
        fail(app.node, f"the image counter starts '{line}'", "it starts the app, by flask", see)


@step("by-hand")
@with_compose_snapshot
def test_both_share_a_network(app: ComposeSnapshot) -> None:
    """The containers web and redis run, and share a network of their own with the subnet 10.77.0.0/24."""
    web, redis = app.list_running("web")[0], app.list_running("redis")[0]
    shared = sorted({*web.addresses} & {*redis.addresses})
    if any(_SUBNET in app.list_subnets(name) for name in shared):
        return
    named = ", ".join(f"{name} ({', '.join(sorted(app.list_subnets(name))) or 'no subnet'})" for name in shared)
    seen = f"web and redis share {named or 'no network'}"
    fail(app.node, seen, f"they share a network with the subnet {_SUBNET}", "docker network inspect NAME")


@step("by-hand")
@with_compose_snapshot
def test_port_counts(app: ComposeSnapshot) -> None:
    """The app answers on port 5000 of node1, and has counted a visit."""
    _visits(app, _at_the_port(app))


@step("compose-file")
@with_compose_snapshot
def test_compose_runs_both(app: ComposeSnapshot) -> None:
    """Compose runs web and redis, as the project counter."""
    for service in ("web", "redis"):
        _composed(app, service)


@step("compose-file")
@with_compose_snapshot
def test_compose_made_the_network(app: ComposeSnapshot) -> None:
    """Compose made the network of web and redis, with the subnet 10.77.0.0/24."""
    web, redis = _composed(app, "web"), _composed(app, "redis")
    shared = {*web.addresses} & {*redis.addresses}
    made = {name for name in shared if (app.networks.get(name, {}).get("Labels") or {}).get(_PROJECT_LABEL)}
    if not any(_SUBNET in app.list_subnets(name) for name in made):
        have = ", ".join(sorted(subnet for name in shared for subnet in app.list_subnets(name))) or "none"
        seen = f"the subnets that Compose gave to web and redis: {have}"
        fail(app.node, seen, f"{_SUBNET}, by the key 'networks' of the Compose file", "docker compose config")


@step("compose-file", after=["by-hand"])
@with_compose_snapshot
def test_nothing_is_left_by_hand(app: ComposeSnapshot) -> None:
    """Nothing is left of what was started by hand."""
    left = [one.name for one in app.containers if not one.project and one.name in ("web", "redis")]
    if left:
        fail(app.node, f"started by hand and still there: {', '.join(left)}", "only what Compose started", _ALL)


@step("compose-file")
@with_compose_snapshot
def test_web_has_a_greeting(app: ComposeSnapshot) -> None:
    """The greeting of web comes from the environment variable GREETING."""
    web = _composed(app, "web")
    given = app.node.api.api.inspect_container(web.id)["Config"].get("Env") or ()
    if not any(entry.startswith("GREETING=") and entry != "GREETING=" for entry in given):
        names = ", ".join(sorted(entry.partition("=")[0] for entry in given)) or "none"
        fail(app.node, f"the variables of web: {names}", "GREETING is one of them", "docker compose exec web env")


@step("health")
@with_compose_snapshot
def test_redis_is_healthy(app: ComposeSnapshot) -> None:
    """The service redis has a health check, and is healthy."""
    redis = _composed(app, "redis")
    expect(app.node, redis.health, "healthy", of="the health of redis", see="docker compose ps")


@step("health")
@with_compose_snapshot
def test_web_waits_for_redis(app: ComposeSnapshot) -> None:
    """Compose starts web only when redis is healthy."""
    _expect_patient(app, _composed(app, "web"), "redis")


@step("keep")
@with_compose_snapshot
def test_data_has_a_name(app: ComposeSnapshot) -> None:
    """The data of redis, /data, lies outside its containers: in a volume that has a name, or a folder of yours."""
    _expect_kept(app)


@step("keep")
@with_compose_snapshot
def test_count_has_survived(app: ComposeSnapshot) -> None:
    """The count is older than the container of redis: it has survived a change of containers."""
    redis = _expect_kept(app)
    told = _at_the_port(app)
    _visits(app, told)
    since = float(told["since"] or 0)
    if since >= redis.created_at:
        seen = "the container of redis is older than its count: it has not been replaced since the count began"
        fail(app.node, seen, "the count began in a container that is gone", f"docker compose ps; {_COUNT}")


@step("keep")
@with_compose_snapshot
def test_redis_logs_each_change(app: ComposeSnapshot) -> None:
    """The service redis writes down each change at once, so that even a kill loses nothing."""
    redis = _composed(app, "redis")
    done = app.node.run("docker", "exec", redis.id, "redis-cli", "config", "get", "appendonly")
    words = done.text.split()
    given = words[1] if len(words) > 1 else "unknown"
    expect(app.node, given, "yes", of="appendonly", see="docker compose exec redis redis-cli config get appendonly")


@step("scale")
@with_compose_snapshot
def test_five_run(app: ComposeSnapshot) -> None:
    """Five replicas of web run."""
    _five(app)


@step("scale")
@with_compose_snapshot
def test_five_share_one_count(app: ComposeSnapshot) -> None:
    """All five replicas answer, and all tell the same count."""
    replicas = _five(app)
    answers = app.fetch_urls(f"http://{next(iter(one.addresses.values()))}:{_PORT}/count" for one in replicas)
    counts = {_visits(app, _told(app, answer, one.name)) for one, answer in zip(replicas, answers, strict=True)}
    if len(counts) > 1:
        seen = f"the replicas tell different counts: {', '.join(map(str, sorted(counts)))}"
        fail(app.node, seen, "they share one count", "docker compose ps")


@step("scale")
@with_compose_snapshot
def test_file_asks_for_five(app: ComposeSnapshot) -> None:
    """The Compose file itself asks for five replicas of web, so that the next 'up' keeps them."""
    found = app.load_compose_file(_composed(app, "web")).get("services", {}).get("web", {})
    wanted = found.get("deploy", {}).get("replicas") or found.get("scale") or 1
    expect(app.node, wanted, _REPLICAS, of="replicas of web in the Compose file", see="docker compose config web")


@step("challenge")
@with_compose_snapshot
def test_web_hides(app: ComposeSnapshot) -> None:
    """Five replicas of web run, and none of them publishes a port."""
    ports = sorted({port for one in _five(app) for port in one.published_ports})
    if ports:
        seen = f"web publishes {', '.join(map(str, ports))}"
        fail(app.node, seen, "only door publishes a port", "docker compose ps")


@step("challenge")
@with_compose_snapshot
def test_replicas_are_healthy(app: ComposeSnapshot) -> None:
    """Every replica of web has a health check, and is healthy."""
    for one in _five(app):
        expect(app.node, one.health, "healthy", of=f"the health of {one.name}", see="docker compose ps")


@step("challenge")
@with_compose_snapshot
def test_door_leads_to_all(app: ComposeSnapshot) -> None:
    """Through port 5000 door leads to each of the five replicas in turn (thirty requests, none of them counted)."""
    door = _composed(app, "door")
    if _PORT not in door.published_ports:
        have = ", ".join(map(str, sorted(door.published_ports))) or "no port"
        fail(app.node, f"door publishes {have}", f"door publishes {_PORT}", "docker compose ps")
    url = f"http://localhost:{_PORT}/count"
    behind = {str(_told(app, answer, f"port {_PORT}")["by"]) for answer in app.fetch_urls([url] * _ROUNDS)}
    missing = sorted(one.name for one in _five(app) if one.id[:12] not in behind)
    if missing:
        some = _REPLICAS - len(missing)
        seen = f"{_ROUNDS} requests were answered by {some} of the {_REPLICAS} replicas, never by {missing[0]}"
        fail(app.node, seen, f"by all {_REPLICAS}", f"for i in $(seq {_REPLICAS}); do {_COUNT}; done")


@step("challenge")
@with_compose_snapshot
def test_door_waits_for_web(app: ComposeSnapshot) -> None:
    """Compose opens door only when web is healthy."""
    _expect_patient(app, _composed(app, "door"), "web")


def _image(app: ComposeSnapshot) -> Mapping[str, Any]:
    listed = app.node.api.api.images("counter")
    if not listed:
        fail(app.node, "there is no image called counter", "an image called counter", "docker images")
    found: Mapping[str, Any] = app.node.api.api.inspect_image(listed[0]["Id"])
    return found


def _composed(app: ComposeSnapshot, service: str) -> Container:
    """Return a running container of a service that belongs to the lab's project."""
    running = app.list_running(service)
    found = next((one for one in running if one.project == _PROJECT), None)
    if found is None:
        project = running[0].project
        seen = f"{running[0].name} belongs to the project {project}" if project else f"{service} was started by hand"
        fail(app.node, seen, f"{service} belongs to the Compose project {_PROJECT}", "docker compose ls; docker ps")
    return found


def _at_the_port(app: ComposeSnapshot) -> Mapping[str, Any]:
    return _told(app, app.fetch_urls([f"http://localhost:{_PORT}/count"])[0], f"port {_PORT}")


def _told(app: ComposeSnapshot, answer: Mapping[str, Any] | str, who: str) -> Mapping[str, Any]:
    if isinstance(answer, str) or "visits" not in answer:
        words = " ".join(str(answer).split())
        seen = f"{who} says '{words[:120]}'" if answer else f"{who} does not answer"
        fail(app.node, seen, f"{who} tells the count", _COUNT)
    return answer


def _visits(app: ComposeSnapshot, told: Mapping[str, Any]) -> int:
    visits = int(told["visits"])
    if visits < 1:
        fail(app.node, "no visit has been counted yet", "one visit or more", f"curl localhost:{_PORT}; {_COUNT}")
    return visits


def _expect_patient(app: ComposeSnapshot, container: Container, other: str) -> None:
    condition = container.dependency_conditions.get(other, "nothing")
    waits = f"before it starts {container.service}, Compose waits for {other} to be"
    words = {"service_healthy": "healthy", "service_started": "started", "nothing": "nothing at all"}
    seen = words.get(condition, condition)
    expect(app.node, f"{waits} {seen}", f"{waits} healthy", see=f"docker compose config {container.service}")


def _expect_kept(app: ComposeSnapshot) -> Container:
    redis = _composed(app, "redis")
    mount = next((mount for mount in redis.mounts if mount["Destination"] == "/data"), None)
    see = "docker inspect --format '{{json .Mounts}}' " + redis.name
    if mount is None:
        fail(app.node, "nothing is mounted at /data of redis", "a volume with a name", see)
    if mount["Type"] == "volume" and _ANONYMOUS.fullmatch(mount.get("Name", "")):
        fail(app.node, "/data of redis is a volume without a name", "a volume with a name", see)
    if mount["Type"] == "tmpfs":
        fail(app.node, "/data of redis is in memory", "a volume with a name", see)
    return redis


def _five(app: ComposeSnapshot) -> tuple[Container, ...]:
    _composed(app, "web")
    found = tuple(one for one in app.list_running("web") if one.project == _PROJECT)
    expect(app.node, len(found), _REPLICAS, of="running replicas of web", see="docker compose ps")
    return found
