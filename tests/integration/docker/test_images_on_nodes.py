"""Images on nodes: from the registry mirror and the layer cache."""

from __future__ import annotations

import json
import subprocess
import time

import pytest

from tests.support.labs_command import LabsRunner

CommandResult = subprocess.CompletedProcess[str]
# Room for a busy host: an engine waits longer for a registry that does not answer.
_FEW_SECONDS = 8
pytestmark = pytest.mark.usefixtures("trio")


def _run_on_node(labs: LabsRunner, node: str, *argv: str) -> tuple[float, CommandResult]:
    began = time.monotonic()
    result = labs("exec", node, "--", *argv)
    return time.monotonic() - began, result


@pytest.mark.parametrize("image", ["nginx:alpine", "busybox", "alpine", "redis:alpine"])
def test_pull_is_fast(labs: LabsRunner, image: str) -> None:
    """Pulling an official image takes a few seconds at most, with or without a network."""
    seconds, result = _run_on_node(labs, "node1", "docker", "pull", image)
    assert 0 == result.returncode, result.stderr
    assert seconds < _FEW_SECONDS


def test_run_busybox(labs: LabsRunner) -> None:
    """Running a container of busybox takes a few seconds at most."""
    seconds, result = _run_on_node(labs, "node2", "docker", "run", "--rm", "busybox", "echo", "hello")
    assert (0, "hello\n") == (result.returncode, result.stdout), result.stderr
    assert seconds < _FEW_SECONDS


def test_missing_image(labs: LabsRunner) -> None:
    """An image that does not exist is reported at once as missing, not as a network error."""
    seconds, result = _run_on_node(labs, "node1", "docker", "pull", "no-such-image:ever")
    assert 0 != result.returncode
    assert "manifest unknown" in result.stderr or "does not exist" in result.stderr
    assert seconds < _FEW_SECONDS


def test_removed_image_is_pulled_again(labs: LabsRunner) -> None:
    """An image that a learner has removed can be pulled again from the registry mirror."""
    assert 0 == _run_on_node(labs, "node3", "docker", "image", "rm", "redis:alpine", "redis:latest")[1].returncode
    _, result = _run_on_node(labs, "node3", "docker", "run", "--rm", "redis:alpine", "redis-server", "--version")
    assert 0 == result.returncode


def test_service_image_has_a_digest(labs: LabsRunner) -> None:
    """Creating a service takes a few seconds at most and pins the digest from the registry mirror."""
    _run_on_node(labs, "node1", "docker", "swarm", "init")
    seconds, created = _run_on_node(
        labs, "node1", "docker", "service", "create", "--detach", "--name", "web", "nginx:alpine"
    )
    assert 0 == created.returncode, created.stderr
    assert seconds < _FEW_SECONDS
    spec = json.loads(_run_on_node(labs, "node1", "docker", "service", "inspect", "web")[1].stdout)[0]["Spec"]
    assert "nginx:alpine@sha256:" in spec["TaskTemplate"]["ContainerSpec"]["Image"]


def test_build_from_an_official_image(labs: LabsRunner) -> None:
    """BuildKit on a node builds from an official image."""
    script = (
        "printf 'FROM busybox\\nRUN echo built > /it\\n' | docker build --tag mine - && docker run --rm mine cat /it"
    )
    result = _run_on_node(labs, "node2", "sh", "-c", script)[1]
    assert (0, "built\n") == (result.returncode, result.stdout[-6:]), result.stderr


def test_containers_resolve_the_nodes_names(labs: LabsRunner) -> None:
    """A container on the default bridge of a node resolves the name of another node."""
    result = _run_on_node(labs, "node1", "docker", "run", "--rm", "busybox", "nslookup", "node2")[1]
    assert 0 == result.returncode, result.stdout + result.stderr
    assert "10.213." in result.stdout


def test_every_node_has_its_own_engine(labs: LabsRunner) -> None:
    """Each node engine has the name of its node."""
    names = [
        _run_on_node(labs, node, "docker", "info", "--format", "{{.Name}}")[1].stdout for node in ("node1", "node2")
    ]
    assert ["node1\n", "node2\n"] == names


def test_list_shows_stand_ins(labs: LabsRunner) -> None:
    """`labs images list` shows for each name whether it is the real image or which stand-in image replaces it."""
    listed = labs("images", "list").stdout
    line = next(line for line in listed.splitlines() if line.startswith("nginx:alpine"))
    assert "MB" in line
    assert "official" in line or "nginx 1.26 from Debian 13" in line


def test_only_declared_images_are_built(labs: LabsRunner) -> None:
    """Building the images of one lab builds no others, except for the Dockerfile frontend."""
    names = [line.split()[0] for line in labs("images", "list").stdout.splitlines()[2:]]
    declared = ["alpine:latest", "busybox:latest", "nginx:alpine", "redis:alpine", "redis:latest"]
    assert sorted([*declared, "docker/dockerfile:1"]) == names


def test_second_build_is_fast(labs: LabsRunner) -> None:
    """Building the images again builds nothing, and is done at once."""
    for _ in range(10):
        began = time.monotonic()
        result = labs("images", "build", "trio")
        seconds = time.monotonic() - began
        # The tests that run beside this one build images too.
        if "Waiting for another" not in result.stderr:
            break
    assert (0, "") == (result.returncode, result.stderr)
    assert seconds < _FEW_SECONDS
