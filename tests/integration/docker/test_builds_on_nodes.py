"""Builds on a node from Dockerfiles that name their syntax, as Docker's documentation does; and what tutorials type."""

from __future__ import annotations

import subprocess

import pytest

from tests.support.labs_command import LabsRunner

CommandResult = subprocess.CompletedProcess[str]
pytestmark = pytest.mark.usefixtures("trio")
_SYNTAX = "# syntax=docker/dockerfile:1"
_COMPOSE = 'printf "services: {app: {build: .}}" >compose.yaml; docker compose build'
# An image of one build is the base of another one.
_BAKE = """printf '
target "base" {}
target "default" {
  contexts = {base = "target:base"}
  dockerfile-inline = "# syntax=docker/dockerfile:1\\\\nFROM base\\\\nRUN echo built on base\\\\n"
}' >docker-bake.hcl; docker buildx bake --progress plain base default"""


def _build(labs: LabsRunner, dockerfile: str, command: str = "docker build --progress plain .") -> CommandResult:
    """Run a command in a new folder of node1 with this Dockerfile, and return its result with all its output."""
    script = f"cd $(mktemp -d); cat >Dockerfile; exec 2>&1; {command}"
    return labs("exec", "node1", "--", "bash", "-c", script, input=dockerfile)


@pytest.mark.parametrize(
    "image",
    [
        "docker/dockerfile:1",
        "docker/dockerfile",
        "docker/dockerfile:1.4",
        "docker/dockerfile:1.7.1",
        "docker/dockerfile:1-labs",
        "docker.io/docker/dockerfile:1",
        "docker/dockerfile-upstream:master",
    ],
)
def test_syntax_line(labs: LabsRunner, image: str) -> None:
    """A Dockerfile that names a version of its syntax builds, with or without a network."""
    result = _build(labs, f"# syntax={image}\nFROM busybox\nRUN echo for {image}\n")
    assert 0 == result.returncode, result.stdout
    assert f"docker-image://docker.io/{image.removeprefix('docker.io/')}" in result.stdout


@pytest.mark.parametrize(
    "command",
    [
        "docker build .",
        "docker build - <Dockerfile",
        "docker build -f - . <Dockerfile",
        "docker buildx build --load -t built .",
        "DOCKER_BUILDKIT=0 docker build .",
        "docker build --build-arg BUILDKIT_SYNTAX=docker/dockerfile:1 .",
        "docker build --build-context other=/etc/labs --target base .",
        _COMPOSE,
        _BAKE,
    ],
)
def test_commands(labs: LabsRunner, command: str) -> None:
    """Every command that builds an image understands the line."""
    result = _build(labs, f"{_SYNTAX}\nFROM busybox AS base\nRUN echo hi\n", command)
    assert 0 == result.returncode, result.stdout


def test_features(labs: LabsRunner) -> None:
    """Mounts, secrets, here-documents, arguments and stages work as without the line."""
    dockerfile = f"""{_SYNTAX}
FROM busybox AS first
ARG WHO
RUN --mount=type=cache,target=/cache --mount=type=secret,id=name <<END
echo "$WHO on $(cat /run/secrets/name)" >/greeting
END
FROM busybox
COPY --from=first --chmod=600 --link /greeting /
RUN ls -l /greeting; cat /greeting
"""
    command = "docker build --progress plain --build-arg WHO='a = b' --secret id=name,src=/etc/hostname ."
    result = _build(labs, dockerfile, command)
    assert 0 == result.returncode, result.stdout
    assert "a = b on node1" in result.stdout
    assert "-rw-------" in result.stdout


@pytest.mark.parametrize(
    ("instruction", "message"),
    [
        ("RUNN x", "dockerfile parse error on line 3: unknown instruction: RUNN (did you mean RUN?)"),
        ("RUN exit 3", "did not complete successfully: exit code: 3"),
        ("COPY missing /", '"/missing": not found'),
        ("COPY --from=no-such-image:1 / /", "docker.io/library/no-such-image:1: not found"),
    ],
)
def test_errors(labs: LabsRunner, instruction: str, message: str) -> None:
    """A failing build shows the line of the Dockerfile, and the same message as without the line about the syntax."""
    result = _build(labs, f"{_SYNTAX}\nFROM busybox\n{instruction}\n")
    assert 1 == result.returncode
    assert message in result.stdout
    assert f"   3 | >>> {instruction}" in result.stdout
    plain = _build(labs, f"# plain\nFROM busybox\n{instruction}\n")
    assert message in plain.stdout


def test_frontend_is_not_listed(labs: LabsRunner) -> None:
    """The frontend does not appear among the images of a node, also after a build has used it."""
    assert 0 == _build(labs, f"{_SYNTAX}\nFROM busybox\n").returncode
    listed = labs("exec", "node1", "--", "docker", "images", "--format", "{{.Repository}}").stdout.split()
    assert "busybox" in listed
    assert "docker/dockerfile" not in listed


@pytest.mark.parametrize(
    "command",
    [
        "sudo docker info --format '{{.Name}}'",
        "sudo -E docker info --format '{{.Name}}'",
        "sudo -n -u root -- docker info --format '{{.Name}}'",
        "sudo -i docker info --format '{{.Name}}'",
        "sudo -s docker info --format '{{.Name}}'",
        "sudo NAME=node1 sh -c 'echo $NAME'",
        "echo node1 | sudo tee /etc/labs-test",
    ],
)
def test_sudo(labs: LabsRunner, command: str) -> None:
    """`sudo` runs a command as root without asking for a password, and prints nothing itself."""
    result = labs("exec", "node1", "--", "bash", "-c", command)
    assert (0, "node1\n", "") == (result.returncode, result.stdout, result.stderr)


def test_exit_status_of_sudo(labs: LabsRunner) -> None:
    """`sudo` exits with the status of the command."""
    assert 7 == labs("exec", "node1", "--", "sudo", "sh", "-c", "exit 7").returncode


def test_nano(labs: LabsRunner) -> None:
    """Nodes have the editor nano."""
    result = labs("exec", "node1", "--", "nano", "--version")
    assert 0 == result.returncode
    assert "GNU nano" in result.stdout
