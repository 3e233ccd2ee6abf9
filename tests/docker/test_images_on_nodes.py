"""What `docker` on a node gets from the hub and the store."""

from __future__ import annotations

import json
import subprocess
import time

import pytest

from tests.conftest import LabsRunner

Exec = subprocess.CompletedProcess[str]
pytestmark = pytest.mark.usefixtures("trio")


def _on(labs: LabsRunner, node: str, *argv: str) -> tuple[float, Exec]:
    began = time.monotonic()
    done = labs("exec", node, "--", *argv)
    return time.monotonic() - began, done


@pytest.mark.parametrize("image", ["nginx:alpine", "busybox", "alpine", "redis:alpine"])
def test_pull_answers_at_once(labs: LabsRunner, image: str) -> None:
    """Pulling an official name works in under two seconds, whatever the network does."""
    seconds, done = _on(labs, "node1", "docker", "pull", image)
    assert 0 == done.returncode, done.stderr
    assert seconds < 2


def test_run_busybox(labs: LabsRunner) -> None:
    """A container of busybox runs in under two seconds."""
    seconds, done = _on(labs, "node2", "docker", "run", "--rm", "busybox", "echo", "hello")
    assert (0, "hello\n") == (done.returncode, done.stdout), done.stderr
    assert seconds < 2


def test_an_absent_image_is_told_at_once(labs: LabsRunner) -> None:
    """An image that does not exist is told as missing, and not as a fault of the network."""
    seconds, done = _on(labs, "node1", "docker", "pull", "no-such-image:ever")
    assert 0 != done.returncode
    assert "manifest unknown" in done.stderr or "does not exist" in done.stderr
    assert seconds < 2


def test_a_removed_image_comes_back_from_the_hub(labs: LabsRunner) -> None:
    """An image whose shared layers a learner has removed is fetched again from the hub."""
    assert 0 == _on(labs, "node3", "docker", "image", "rm", "redis:alpine", "redis:latest")[1].returncode
    assert 0 == _on(labs, "node3", "docker", "run", "--rm", "redis:alpine", "redis-server", "--version")[1].returncode


def test_a_service_has_its_images_digest(labs: LabsRunner) -> None:
    """A service is created in under two seconds, pinned to the digest that the hub answers with."""
    _on(labs, "node1", "docker", "swarm", "init")
    seconds, made = _on(labs, "node1", "docker", "service", "create", "--detach", "--name", "web", "nginx:alpine")
    assert 0 == made.returncode, made.stderr
    assert seconds < 2
    spec = json.loads(_on(labs, "node1", "docker", "service", "inspect", "web")[1].stdout)[0]["Spec"]
    assert "nginx:alpine@sha256:" in spec["TaskTemplate"]["ContainerSpec"]["Image"]


def test_a_build_stands_on_an_official_name(labs: LabsRunner) -> None:
    """BuildKit on a node builds from an official name."""
    script = (
        "printf 'FROM busybox\\nRUN echo built > /it\\n' | docker build --tag mine - && docker run --rm mine cat /it"
    )
    done = _on(labs, "node2", "sh", "-c", script)[1]
    assert (0, "built\n") == (done.returncode, done.stdout[-6:]), done.stderr


def test_containers_resolve_the_nodes_names(labs: LabsRunner) -> None:
    """A container on a node's default bridge asks a name server that answers, and finds another node by its name."""
    done = _on(labs, "node1", "docker", "run", "--rm", "busybox", "nslookup", "node2")[1]
    assert 0 == done.returncode, done.stdout + done.stderr
    assert "10.213." in done.stdout


def test_every_node_has_an_engine_of_its_own(labs: LabsRunner) -> None:
    """Each node's engine calls itself by the node's name."""
    names = [_on(labs, node, "docker", "info", "--format", "{{.Name}}")[1].stdout for node in ("node1", "node2")]
    assert ["node1\n", "node2\n"] == names


def test_the_list_says_what_stands_in_for_what(labs: LabsRunner) -> None:
    """For each name `labs images list` says whether it is the real image, and what stands in for it if not."""
    listed = labs("images", "list").stdout
    line = next(line for line in listed.splitlines() if line.startswith("nginx:alpine"))
    assert "MB" in line
    assert "official" in line or "nginx 1.26 from Debian 13" in line


def test_only_what_a_lab_names_is_at_hand(labs: LabsRunner) -> None:
    """Making the images of one lab makes no others."""
    names = [line.split()[0] for line in labs("images", "list").stdout.splitlines()[2:]]
    assert ["alpine:latest", "busybox:latest", "nginx:alpine", "redis:alpine", "redis:latest"] == names


def test_a_second_build_does_nothing(labs: LabsRunner) -> None:
    """Building the images again takes less than a second."""
    began = time.monotonic()
    assert 0 == labs("images", "build", "trio").returncode
    assert time.monotonic() - began < 1
