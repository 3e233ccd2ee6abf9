"""Tests of finding the host engine as the Docker CLI does, and of error messages about it."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from docker.errors import APIError, DockerException

from runner import paths
from runner.drivers.docker import dial_stdio, host_engine
from runner.errors import BrokenLabError, HostError
from tests.support import helpers

HERE, THERE = "tcp://here:2375", "tcp://there:2375"


@pytest.fixture(autouse=True)
def _docker_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set up a Docker CLI with the contexts 'class' and 'remote', the first one active."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "LABS_PREVIOUS_DOCKER_HOST"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "docker"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"currentContext": "class"}))
    for name, host in (("class", "tcp://class:2375"), ("remote", "ssh://me@server")):
        meta = folder / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest() / "meta.json"
        meta.parent.mkdir(parents=True)
        endpoints = {"docker": {"Host": host, "SkipTLSVerify": False}}
        meta.write_text(json.dumps({"Name": name, "Metadata": {}, "Endpoints": endpoints}))
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))


@pytest.mark.parametrize(
    ("variables", "url"),
    [
        ({}, "tcp://class:2375"),
        ({"DOCKER_CONTEXT": "remote"}, "ssh://me@server"),
        ({"DOCKER_HOST": HERE}, HERE),
        ({"DOCKER_HOST": HERE, "DOCKER_CONTEXT": "remote"}, HERE),
        ({"DOCKER_HOST": ""}, "tcp://class:2375"),
        ({"DOCKER_HOST": HERE, "LABS_PREVIOUS_DOCKER_HOST": THERE}, HERE),
        ({"DOCKER_HOST": "NODE"}, "tcp://class:2375"),
        ({"DOCKER_HOST": "NODE", "LABS_PREVIOUS_DOCKER_HOST": THERE}, THERE),
        ({"DOCKER_HOST": "NODE", "DOCKER_CONTEXT": "remote"}, "ssh://me@server"),
    ],
)
def test_endpoint(variables: dict[str, str], url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`DOCKER_HOST` comes first, then `DOCKER_CONTEXT`, then the active context; a node's own engine never counts."""
    node = f"unix://{paths.sockets_folder()}/tiny/node1.sock"
    for name, value in variables.items():
        monkeypatch.setenv(name, node if value == "NODE" else value)
    assert url == host_engine._find_endpoint()["base_url"]


@pytest.mark.parametrize(
    ("url", "options"),
    [("ssh://server", []), ("ssh://me@server", ["-l", "me"]), ("ssh://me@server:2222", ["-l", "me", "-p", "2222"])],
)
def test_ssh(url: str, options: list[str]) -> None:
    """For an engine over ssh, the user's own ssh runs, with its keys and configuration."""
    words = ["ssh", "-o", "ConnectTimeout=30", "-T", *options, "--", "server", "docker", "system", "dial-stdio"]
    assert words == dial_stdio.build_ssh_command(url)


def test_tls() -> None:
    """For an engine over TLS, the user's own docker command runs, in the selected context."""
    assert ["docker", "--context", "class", "system", "dial-stdio"] == dial_stdio.build_cli_command("class")
    assert ["docker", "system", "dial-stdio"] == dial_stdio.build_cli_command(None)


def test_no_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a configuration of the Docker CLI, the default socket is used."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "nowhere"))
    assert host_engine._find_endpoint()["base_url"] in (
        None,
        "http+unix:///var/run/docker.sock",
        "unix:///var/run/docker.sock",
    )


def test_unknown_context(monkeypatch: pytest.MonkeyPatch) -> None:
    """A context that does not exist is an error with the command that lists contexts."""
    monkeypatch.setenv("DOCKER_CONTEXT", "nowhere")
    with pytest.raises(HostError, match="There is no Docker context 'nowhere'") as caught:
        host_engine.connect_host_engine()
    assert caught.value.advice.startswith("List contexts with 'docker context ls'")


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        "5",
        "null",
        "{",
        "[" * 100_000,
        "\udcff",
        "{}",
        '{"Name": 5, "Metadata": {}, "Endpoints": {"docker": {}}}',
        '{"Name": "class", "Metadata": [], "Endpoints": {"docker": {}}}',
        '{"Name": "class", "Metadata": {}, "Endpoints": []}',
        '{"Name": "class", "Metadata": {}, "Endpoints": {"docker": 5}}',
        '{"Name": "class", "Metadata": {}, "Endpoints": {"docker": {"Host": 5}}}',
        '{"Name": "class", "Metadata": {"StackOrchestrator": "kubernetes"}, "Endpoints": {"docker": {}}}',
    ],
    ids=range(13),
)
def test_context_of_another_shape(content: str, tmp_path: Path) -> None:
    """A context whose file has another shape is an error that names the context and how to select another one."""
    (meta,) = tmp_path.glob(f"docker/contexts/meta/{hashlib.sha256(b'class').hexdigest()}/meta.json")
    meta.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(HostError, match="The Docker context 'class' cannot be used: ") as caught:
        host_engine.connect_host_engine()
    assert "docker context use default" in caught.value.advice


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """Yield a folder that every user may enter, with a path short enough for a socket."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def connect_and_fail(host: str, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """Return the message and advice of the error that connecting raises."""
    monkeypatch.setenv("DOCKER_HOST", host)
    with pytest.raises(HostError) as caught:
        host_engine.connect_host_engine()
    return caught.value.message, caught.value.advice


def test_missing_socket(short_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the socket does not exist, the advice is how to start or install an engine."""
    message, advice = connect_and_fail(f"unix://{short_folder}/gone.sock", monkeypatch)
    assert f"No Docker Engine answers at unix://{short_folder}/gone.sock." == message
    assert "sudo apt-get install docker.io" in advice


def test_dead_socket(short_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket that an engine has left behind is the same as no socket."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{short_folder}/dead.sock")
    assert connect_and_fail(f"unix://{short_folder}/dead.sock", monkeypatch)[0].startswith(
        "No Docker Engine answers at"
    )


def test_closed_port(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port without a listener is the same as no socket."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert (
        f"No Docker Engine answers at tcp://127.0.0.1:{port}."
        == connect_and_fail(f"tcp://127.0.0.1:{port}", monkeypatch)[0]
    )


def test_no_permission(short_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the user has no permission to use the socket, the advice is how to get it."""
    path = short_folder / "docker.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        path.chmod(0)
        connect_and_fail(f"unix://{short_folder}/gone.sock", monkeypatch)  # imports modules that the user may not read
        is_root = os.geteuid() == 0
        if is_root:
            os.seteuid(65534)
        try:
            message, advice = connect_and_fail(f"unix://{path}", monkeypatch)
        finally:
            if is_root:
                os.seteuid(0)
    assert f"You do not have permission to use the Docker Engine at unix://{path}." == message
    assert "sudo usermod -aG docker $USER" in advice


@pytest.mark.parametrize("host", ["gopher://somewhere", "tcp://127.0.0.1:port", "somewhere:70000"])
def test_invalid_address(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An invalid address is an error that quotes it."""
    message, advice = connect_and_fail(host, monkeypatch)
    assert message.startswith(f"The Docker Engine at {host} cannot be used:")
    assert "Run 'labs doctor' for details." == advice


@pytest.mark.parametrize(
    ("reason", "log"),
    [
        ("write /var/lib/docker/tmp: no space left on device", ""),
        ("it exited before its engine was ready", "mkdir /var/lib/docker: No space left on device"),
    ],
)
def test_full_disk(reason: str, log: str) -> None:
    """A full disk is reported as such, whether the engine or a node's log says so."""
    error = host_engine.create_engine_error("creating node1", reason, log)
    assert (f"The engine's disk is full (creating node1: {reason}).", log) == (error.message, error.log)
    assert "labs images prune" in error.advice


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (APIError("409 Client Error", explanation="name is taken"), "name is taken"),
        (DockerException("no TLS"), "no TLS"),
        (requests.ConnectionError("reset by peer"), "reset by peer"),
        (BrokenPipeError("broken pipe"), "broken pipe"),
    ],
)
def test_explained_error(error: Exception, reason: str) -> None:
    """An engine's error says what failed and the engine's own reason, and keeps the cause."""
    with pytest.raises(HostError) as caught, host_engine.translate_engine_errors("creating node1"):
        raise error
    assert f"The engine failed while creating node1: {reason}" == caught.value.message
    assert error is caught.value.__cause__


@pytest.mark.parametrize("error", [BrokenLabError("broken", "fix it"), KeyboardInterrupt(), ZeroDivisionError()])
def test_other_error(error: BaseException) -> None:
    """Other errors pass unchanged."""
    with pytest.raises(type(error)) as caught, host_engine.translate_engine_errors("creating node1"):
        raise error
    assert error is caught.value


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({}, None),
        ({"ServerVersion": "28.2.2"}, None),
        ({"ServerVersion": "dev"}, None),
        ({"ServerVersion": "19.03.15"}, "too old"),
        ({"SecurityOptions": ["name=seccomp,profile=default", "name=rootless"]}, "without root privileges"),
        ({"SecurityOptions": ["name=userns"]}, "without root privileges"),
        ({"OSType": "windows"}, "not set to Linux containers"),
    ],
)
def test_incompatibility(properties: dict[str, object], reason: str | None) -> None:
    """An engine is refused if it is too old, without root privileges, or not set to Linux containers."""
    suitable = {
        "ServerVersion": "20.10.24+dfsg1",
        "SecurityOptions": ["name=seccomp,profile=default"],
        "OSType": "linux",
    }
    incompatibility = host_engine.find_incompatibility(suitable | properties)
    assert reason == (incompatibility and incompatibility[0])
