"""The nodes of a started lab: commands, terminals, ports, files and images."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import docker
import pytest

from runner.drivers.uml.vm import cpu_affinity
from runner.errors import HostError
from runner.nodes.driver_interface import Node
from tests.support.labs_command import LabsRunner
from tests.support.pseudo_terminal import PseudoTerminal
from tests.support.vm_leftovers import UmlLeftovers

pytestmark = pytest.mark.usefixtures("uml_trio")


def test_status(uml_labs: LabsRunner) -> None:
    """`labs status` shows the driver, and each node with its role, address and state."""
    lines = uml_labs("status").stdout.splitlines()
    assert "trio  running  (driver uml)" == lines[0]
    assert [
        ["node1", "manager", "10.213.0.11", "running"],
        ["node2", "worker", "10.213.0.12", "running"],
        ["node3", "worker", "10.213.0.13", "running"],
    ] == [line.split() for line in lines[1:4]]


def test_provisioning(uml_labs: LabsRunner, uml_environment: dict[str, str]) -> None:
    """The lab's files are in root's home on every node, and setup.sh has run on each node."""
    notes = [uml_labs("exec", node, "--", "cat", "app/note.txt").stdout for node in ("node1", "node2", "node3")]
    assert ["hello from the lab\n"] * 3 == notes
    runs = Path(uml_environment["XDG_STATE_HOME"]) / "labs" / uml_environment["LABS_PROJECT"] / "runs"
    assert {
        "node1: setup.sh runs on node1, the manager",
        "node2: setup.sh runs on node2, the worker",
        "node3: setup.sh runs on node3, the worker",
    } == set((runs / "trio" / "setup.log").read_text("utf-8").splitlines())


def test_second_start(uml_labs: LabsRunner) -> None:
    """A second start says that the lab is already running."""
    again = uml_labs("start", "trio")
    assert 0 == again.returncode, again.stderr
    assert "trio is already running: " in again.stdout


def test_processors(uml_leftovers: UmlLeftovers) -> None:
    """All processes of a VM stay on one processor, and the VMs are distributed over the available processors."""
    kernels = [uml_leftovers.find_kernel("trio", name) for name in ("node1", "node2", "node3")]
    affinities = [os.sched_getaffinity(kernel) for kernel in kernels]
    assert [1, 1, 1] == [len(affinity) for affinity in affinities]
    assert min(3, len(os.sched_getaffinity(0))) == len(set.union(*affinities))
    for kernel, affinity in zip(kernels, affinities, strict=True):
        children = cpu_affinity.list_child_processes(kernel)
        assert children
        assert {frozenset(affinity)} == {frozenset(os.sched_getaffinity(child)) for child in children}


def test_exec_streams(uml_labs: LabsRunner) -> None:
    """Without a terminal, `labs exec` passes on standard output, standard error and the exit status separately."""
    result = uml_labs("exec", "node1", "--", "sh", "-c", "hostname; echo err >&2; exit 3")
    assert (3, "node1\n", "err\n") == (result.returncode, result.stdout, result.stderr)


def test_exec_exit_status(uml_labs: LabsRunner) -> None:
    """A missing command exits with 127, and a command that a signal ends with 128 plus the signal's number."""
    assert 127 == uml_labs("exec", "node1", "--", "no-such-command").returncode
    assert 137 == uml_labs("exec", "node1", "--", "sh", "-c", "kill -9 $$").returncode


@pytest.mark.parametrize("size", [0, 5_500_000])
def test_exec_input(uml_labs: LabsRunner, size: int) -> None:
    """All input reaches the command, and its output is returned while input is still being sent."""
    text = "0123456789\n" * (size // 11)
    result = uml_labs("exec", "node1", "--", "cat", input=text)
    assert (0, size) == (result.returncode, len(result.stdout))


def test_node_names(uml_labs: LabsRunner) -> None:
    """Each node's name resolves to its fixed address, and its network card has the name that lessons use."""
    host = uml_labs("exec", "node3", "--", "getent", "hosts", "node1").stdout.split()
    assert ["10.213.0.11", "node1"] == host
    assert 0 == uml_labs("exec", "node3", "--", "ping", "-c", "1", "-W", "3", "-I", "eth0", "node1").returncode


def test_shell_terminal_size(uml_shell: PseudoTerminal) -> None:
    """The shell has a terminal of the same size as the user's, also after the window is resized."""
    uml_shell.type_text("tty; stty size\n")
    uml_shell.read_until("/dev/pts/")
    uml_shell.read_until("24 80")
    uml_shell.resize(40, 120)
    uml_shell.process.send_signal(28)
    time.sleep(0.5)
    uml_shell.type_text("stty size\n")
    uml_shell.read_until("40 120")


def test_shell_ctrl_c(uml_shell: PseudoTerminal) -> None:
    """Ctrl-C ends the command that runs in the shell; the shell continues, and its exit status is passed on."""
    uml_shell.type_text("sleep 300\n")
    time.sleep(0.5)
    uml_shell.type_text("\x03")
    uml_shell.type_text("echo still-$((40 + 2))\n")
    uml_shell.read_until("still-42")
    uml_shell.type_text("exit 7\n")
    uml_shell.read_until("logout")
    assert 7 == uml_shell.process.wait(10)


def test_copy_files(node2: Node, tmp_path: Path) -> None:
    """The content of a folder is copied with subfolders and permissions, and a single file is copied beside it."""
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "run").write_text("#!/bin/sh\necho deeper\n", "utf-8")
    (tmp_path / "deep" / "er" / "run").chmod(0o755)
    (tmp_path / "one").write_text("a file\n", "utf-8")
    node2.copy_files(tmp_path / "deep", "/root/copied")
    node2.copy_files(tmp_path / "one", "/root/copied")
    assert "deeper\na file\n" == node2.run_command(["sh", "-c", "copied/er/run; cat copied/one"]).stdout_text


def test_connect_port(node2: Node) -> None:
    """A connection to a port of the node works in both directions, and is refused if nothing listens there."""
    node2.run_command(["sh", "-c", "mkdir -p www && echo page >www/index.html"])
    node2.run_command(
        ["docker", "run", "-d", "--name", "www", "-p", "8000:80", "-v", "/root/www:/usr/share/nginx/html", "nginx"]
    )
    deadline = time.monotonic() + 20
    while node2.run_command(["curl", "-s", "127.0.0.1:8000"]).exit_status and time.monotonic() < deadline:
        pass
    with node2.connect_port_socket(8000) as stream:
        stream.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert stream.makefile("rb").read().endswith(b"\r\n\r\npage\n")
    with pytest.raises(HostError, match="nothing listens on port 8001"):
        node2.connect_port_socket(8001)
    node2.run_command(["docker", "rm", "--force", "www"])


def test_env(uml_labs: LabsRunner) -> None:
    """The socket from `labs env` leads to the node engine, and labs still finds its clusters with these variables."""
    output = uml_labs("env", "node2").stdout
    socket = next(line for line in output.splitlines() if line.startswith("export DOCKER_HOST=")).partition("=")[2]
    client = docker.DockerClient(base_url=socket)
    try:
        assert "node2" == client.info()["Name"]
        assert b"carried\n" == client.containers.run("busybox", ["echo", "carried"], remove=True)
    finally:
        client.close()
    assert "trio" in uml_labs("status", env={"DOCKER_HOST": socket}).stdout


def _docker(labs: LabsRunner, *argv: str) -> tuple[float, int, str]:
    began = time.monotonic()
    result = labs("exec", "node3", "--", "docker", *argv)
    return time.monotonic() - began, result.returncode, result.stdout + result.stderr


def test_images(uml_labs: LabsRunner) -> None:
    """The lab's images are on the node before anything is pulled."""
    listed = _docker(uml_labs, "images", "--format", "{{.Repository}}:{{.Tag}}")[2].split()
    assert {"nginx:alpine", "busybox:latest"} <= set(listed)


@pytest.mark.parametrize("image", ["nginx:alpine", "busybox"])
def test_pull(uml_labs: LabsRunner, image: str) -> None:
    """Pulling an official image works immediately, without a network."""
    seconds, status, output = _docker(uml_labs, "pull", image)
    assert 0 == status, output
    assert seconds < 5


def test_pull_of_a_missing_image(uml_labs: LabsRunner) -> None:
    """Pulling an image that does not exist fails immediately with that reason, and not with a network error."""
    seconds, status, output = _docker(uml_labs, "pull", "no-such-image:ever")
    assert 0 != status
    assert "manifest unknown" in output or "does not exist" in output
    assert seconds < 5


def test_removed_image_is_pulled_again(uml_labs: LabsRunner) -> None:
    """An image that a learner has removed is pulled again from the registry mirror."""
    assert 0 == _docker(uml_labs, "image", "rm", "redis:alpine", "redis:latest")[1]
    assert 0 == _docker(uml_labs, "run", "--rm", "redis:alpine", "redis-server", "--version")[1]


@pytest.mark.parametrize("image", ["docker/dockerfile:1", "docker/dockerfile:1.4"])
def test_build_with_a_syntax_line(uml_labs: LabsRunner, image: str) -> None:
    """A Dockerfile that names a version of its syntax builds, without a network."""
    script = (
        f"printf '# syntax={image}\\nFROM busybox\\nRUN echo for {image}\\n' | docker build --progress plain - 2>&1"
    )
    result = uml_labs("exec", "node3", "--", "sh", "-c", script)
    assert 0 == result.returncode, result.stdout
    assert f"docker-image://docker.io/{image}" in result.stdout


def test_builder_runs_crun(uml_labs: LabsRunner) -> None:
    """The engine's builder, which runs a program called runc, gets crun, because containers start faster with it."""
    assert "crun version" in uml_labs("exec", "node3", "--", "runc", "--version").stdout


def test_sudo_and_nano(uml_labs: LabsRunner) -> None:
    """`sudo` runs a command as root and prints nothing itself, and nodes have the editor nano."""
    result = uml_labs("exec", "node3", "--", "sudo", "docker", "info", "--format", "{{.Name}}")
    assert (0, "node3\n", "") == (result.returncode, result.stdout, result.stderr)
    assert 0 == uml_labs("exec", "node3", "--", "sudo", "nano", "--version").returncode


def test_service_image_digest(uml_labs: LabsRunner) -> None:
    """A service is created immediately, pinned to the digest that the registry mirror answers with."""
    assert 0 == _docker(uml_labs, "swarm", "init")[1]
    seconds, status, output = _docker(uml_labs, "service", "create", "--detach", "--name", "web", "nginx:alpine")
    assert 0 == status, output
    assert seconds < 5
    spec = json.loads(_docker(uml_labs, "service", "inspect", "web")[2])[0]["Spec"]
    assert "nginx:alpine@sha256:" in spec["TaskTemplate"]["ContainerSpec"]["Image"]
