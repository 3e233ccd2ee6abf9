"""Identifiers in lines become names, or placeholders that another cluster fills."""

from __future__ import annotations

from typing import Any

import pytest

from runner.progress.shell_record import HistoryEntry, NamedObject
from tests.support.typed_lines import draft, list_doubts, list_scripts, make_entry, make_object

CONTAINER_ID = "a91a48da77f2"
NODE_ID = "mywwz2e8x27bjj128d922xn2n"


def make_container(word: str, name: str, labels: dict[str, str] | None = None, **details: Any) -> NamedObject:
    """Return a container that was created in the eleventh second of 1970."""
    return make_object(
        word,
        Id=f"{CONTAINER_ID}{'0' * 52}",
        Name=f"/{name}",
        Created="1970-01-01T00:00:11.123456789Z",
        Config={"Image": "nginx:alpine", "Labels": labels or {}},
        HostConfig={},
        **details,
    )


def make_node(state: str = "ready") -> NamedObject:
    """Return a node of a swarm."""
    return make_object(
        NODE_ID, ID=NODE_ID, Description={"Hostname": "node3"}, Status={"State": state}, Spec={"Role": "worker"}
    )


def list_blocks(*entries: HistoryEntry, services: dict[str, str] | None = None) -> list[tuple[str, str, str]]:
    """Return node, placeholder and script of each block."""
    blocks = draft(*entries, services=services).blocks
    return [(block.node, block.capture_name, block.script) for block in blocks]


@pytest.mark.parametrize(
    ("line", "item", "script"),
    [
        (f"docker node promote {NODE_ID}", make_node(), "docker node promote node3"),
        (f"N={NODE_ID}", make_node(), "N=node3"),
        (
            "docker service rm zx81",
            make_object("zx81", ID="zx81", Spec={"Name": "web", "TaskTemplate": {}}),
            "docker service rm web",
        ),
        ("docker network rm 1f2e", make_object("1f2e", Id="1f2e", Name="mesh", IPAM={}), "docker network rm mesh"),
        ("docker secret rm q1w2", make_object("q1w2", ID="q1w2", Spec={"Name": "key"}), "docker secret rm key"),
        ("docker rmi 1f2e", make_object("1f2e", Id="sha256:1f2e", RepoTags=["app:1"]), "docker rmi app:1"),
        (
            f"docker rm {CONTAINER_ID}",
            make_container(CONTAINER_ID, "app-web-1", {"com.docker.compose.project": "app"}),
            "docker rm app-web-1",
        ),
    ],
)
def test_stable_name(line: str, item: NamedObject, script: str) -> None:
    """An object whose name is the same on each cluster is named, also in an assignment."""
    assert [script] == list_scripts(make_entry(line, objects=(item,)))


def test_container_with_a_name() -> None:
    """A container that the learner named is named."""
    entries = (
        make_entry("docker run --detach --name lonely nginx:alpine", 10, seconds=2),
        make_entry(f"docker kill {CONTAINER_ID[:4]}", 20, objects=(make_container(CONTAINER_ID[:4], "lonely"),)),
    )
    assert "docker kill lonely" == list_scripts(*entries)[1]


@pytest.mark.parametrize("word", [CONTAINER_ID, "silly_euler"])
def test_container_without_a_name(word: str) -> None:
    """The identifier of a container is captured after the line that created it, once for all uses."""
    item = make_container(word, "silly_euler")
    entries = (
        make_entry("docker run --detach nginx:alpine", 10, seconds=2),
        make_entry("docker volume create v", 15),
        make_entry(f"docker exec {word} touch /a", 20, objects=(item,)),
        make_entry(f"C={word}", 30, objects=(item,)),
    )
    assert [
        ("node1", "", "docker run --detach nginx:alpine"),
        ("node1", "CONTAINER_1", "docker ps --all --quiet --filter ancestor=nginx:alpine | head -1 | grep ."),
        ("node1", "", "docker volume create v"),
        ("node1", "", "docker exec <CONTAINER_1> touch /a"),
        ("node1", "", "C=<CONTAINER_1>"),
    ] == list_blocks(*entries)


def test_container_of_a_service() -> None:
    """The container of a task is captured where it is used; two in one line are two different ones."""
    labels = {"com.docker.swarm.service.name": "web"}
    words = (CONTAINER_ID, "b91a48da77f2")
    items = [make_container(word, f"web.1.{word}", labels) for word in words]
    items[1] = make_object(words[1], **{**items[1].details, "Id": words[1]})
    entry = make_entry(f"docker kill {words[0]} {words[1]}", 20, "node2", objects=tuple(items))
    listing = "docker ps --quiet --filter label=com.docker.swarm.service.name=web"
    assert [
        ("node2", "CONTAINER_1", f"{listing} | sed -n 1p | grep ."),
        ("node2", "CONTAINER_2", f"{listing} | sed -n 2p | grep ."),
        ("node2", "", "docker kill <CONTAINER_1> <CONTAINER_2>"),
    ] == list_blocks(entry)


def test_node_that_is_down() -> None:
    """A node that left may have a successor with the same host name, so its identifier is captured once it is down."""
    entry = make_entry(f"docker node rm {NODE_ID}", objects=(make_node("down"),))
    (_, name, script), use = list_blocks(entry)
    assert ("NODE_1", ("node1", "", "docker node rm <NODE_1>")) == (name, use)
    assert '$2 == "node3" && $3 == "Down"' in script
    joined_again = (
        make_entry("docker swarm leave", 1, "node3"),
        make_entry(f"docker node promote {NODE_ID}", 9, objects=(make_node(),)),
    )
    assert '$3 == "Ready"' in list_scripts(*joined_again)[1]


def test_task() -> None:
    """A task is captured by its service and its number; if the service is not known, this is mentioned."""
    item = make_object("t1a2", ID="t1a2", ServiceID="s1", Slot=2, DesiredState="running")
    entry = make_entry("docker service logs t1a2", objects=(item,))
    command = "docker service ps --quiet --filter name=web.2 web | head -1 | grep ."
    assert [("node1", "TASK_1", command), ("node1", "", "docker service logs <TASK_1>")] == (
        list_blocks(entry, services={"s1": "web"})
    )
    assert ["'t1a2' is an identifier, and another cluster has different ones"] == list_doubts(entry)


@pytest.mark.parametrize("word", ["0123456789ab", NODE_ID])
def test_unknown_identifier(word: str) -> None:
    """A word that looks like an identifier of an object that is gone stays, and is mentioned."""
    entry = make_entry(f"docker rm {word}")
    assert [f"docker rm {word}"] == list_scripts(entry)
    assert [f"'{word}' is an identifier, and another cluster has different ones"] == list_doubts(entry)


@pytest.mark.parametrize(
    "word",
    [
        "nginx@sha256:0123456789ab",
        "/tmp/0123456789ab",
        "abcdefabcdef",
        "123456789012",
        "web",
        "SWMTKN-1-535svdeqf4-4evmnq8up33ioy0lb1h9uofpy",
    ],
)
def test_no_identifier(word: str) -> None:
    """Digests, paths, numbers, words and tokens are not identifiers."""
    assert [] == list_doubts(make_entry(f"docker pull {word}"))


@pytest.mark.parametrize(
    ("line", "word", "script"),
    [
        ("docker rm --force 025", "025", "docker rm --force lonely"),
        ("docker kill 95", "95", "docker kill lonely"),
        ("sudo docker exec abc ls abc", "abc", "sudo docker exec lonely ls abc"),
        ("docker cp /etc/hosts 80:/80", "80", "docker cp /etc/hosts lonely:/80"),
        ("docker stop web1 && sleep 80", "80", "docker stop web1 && sleep 80"),
        ("docker stop '80'", "80", "docker stop 'lonely'"),
        ("docker logs 80 >/tmp/80", "80", "docker logs lonely >/tmp/80"),
    ],
)
def test_short_identifier(line: str, word: str, script: str) -> None:
    """A word that could be anything is an identifier only where a command expects an object."""
    entries = (
        make_entry("docker run --detach --name lonely nginx:alpine", 10, seconds=2),
        make_entry(line, 20, objects=(make_container(word, "lonely"),)),
    )
    assert script == list_scripts(*entries)[1]


def test_short_identifier_behind_an_alias() -> None:
    """An alias for a command of Docker is followed."""
    entries = (
        make_entry("docker run --detach --name lonely nginx:alpine", 10, seconds=2),
        make_entry("alias d=docker", 20),
        make_entry("d kill 95", 30, objects=(make_container("95", "lonely"),)),
    )
    assert "d kill lonely" == list_scripts(*entries)[2]


def test_scaled_service() -> None:
    """The identifier of a service that is scaled is before the number of its replicas."""
    service = make_object("wua", ID="wua4", Spec={"Name": "web", "TaskTemplate": {}})
    assert ["docker service scale web=3"] == list_scripts(make_entry("docker service scale wua=3", objects=(service,)))


@pytest.mark.parametrize(
    ("line", "script"),
    [
        (f"docker ps --quiet --filter id={CONTAINER_ID}", "docker ps --quiet --filter id=<ID_1>"),
        (f"touch /var/lib/docker/containers/{CONTAINER_ID}/x", "touch /var/lib/docker/containers/<ID_1>/x"),
    ],
)
def test_only_an_identifier_does(line: str, script: str) -> None:
    """In a filter for identifiers and in the name of a folder, the identifier of a named object is captured."""
    entries = (
        make_entry("docker run --detach --name lonely nginx:alpine", 10, seconds=2),
        make_entry(f"{line}; touch /seen", 20, objects=(make_container(CONTAINER_ID, "lonely"),)),
    )
    assert [
        ("node1", "ID_1", "docker inspect --format '{{.Id}}' lonely"),
        ("node1", "", f"{script}; touch /seen"),
    ] == list_blocks(*entries)[1:]


@pytest.mark.parametrize(
    ("line", "numbers"),
    [
        ("kill -9 305", ["305"]),
        ("curl localhost:32768; touch /f", ["32768"]),
        ("curl -X POST http://node1:40000/", ["40000"]),
        ("docker run --detach --publish 40000:80 nginx:alpine && curl localhost:40000", []),
        ("kill %1; kill -s TERM $!; docker kill lonely", []),
    ],
)
def test_chosen_numbers(line: str, numbers: list[str]) -> None:
    """Process ids and ports that the system chose are listed; a port that the learner chose is not."""
    reasons = [reason for reason in list_doubts(make_entry(line)) if "the system chose" in reason]
    assert numbers == [reason.split()[0] for reason in reasons]


@pytest.mark.parametrize(
    ("line", "script"),
    [
        ("docker run --detach sha256:1f2e3d", "docker run --detach app:1"),
        ("docker pull nginx@sha256:1f2e3d", "docker pull nginx@sha256:1f2e3d"),
    ],
)
def test_image_identifier(line: str, script: str) -> None:
    """The identifier of an image may have the name of its digest; the digest of a registry is the same everywhere."""
    image = make_object("1f2e3d", Id="sha256:1f2e3d", RepoTags=["app:1"])
    assert [script] == list_scripts(make_entry(line, objects=(image,)))


@pytest.mark.parametrize(
    "text", ["docker run --network container:{} nginx", "ip link set br-{} up", "touch /var/lib/docker/volumes/{}/x"]
)
def test_unknown_identifier_within_a_word(text: str) -> None:
    """An identifier that is a part of a word and cannot be resolved is listed."""
    assert [True] == [CONTAINER_ID in doubt for doubt in list_doubts(make_entry(text.format(CONTAINER_ID)))]
