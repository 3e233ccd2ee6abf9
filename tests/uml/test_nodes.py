"""What a started lab's nodes do: commands, terminals, ports, files, images."""

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
from tests.conftest import LabsRunner
from tests.terminal import Terminal
from tests.uml.leftovers import Left

pytestmark = pytest.mark.usefixtures("trio")


def test_status_tells_driver_nodes_and_addresses(labs: LabsRunner) -> None:
    """Status names the driver, and each node with its role, address and state."""
    lines = labs("status").stdout.splitlines()
    assert "trio  running  (driver uml)" == lines[0]
    assert [
        ["node1", "manager", "10.213.0.11", "running"],
        ["node2", "worker", "10.213.0.12", "running"],
        ["node3", "worker", "10.213.0.13", "running"],
    ] == [line.split() for line in lines[1:4]]


def test_start_has_set_the_scene(labs: LabsRunner, environment: dict[str, str]) -> None:
    """The lab's files lie in root's home on every node, and setup.sh has run on each."""
    notes = [labs("exec", node, "--", "cat", "app/note.txt").stdout for node in ("node1", "node2", "node3")]
    assert ["hello from the lab\n"] * 3 == notes
    runs = Path(environment["XDG_STATE_HOME"]) / "labs" / environment["LABS_PROJECT"] / "runs"
    assert {
        "node1: the scene is set on node1, the manager",
        "node2: the scene is set on node2, the worker",
        "node3: the scene is set on node3, the worker",
    } == set((runs / "trio" / "setup.log").read_text("utf-8").splitlines())


def test_start_again_says_so(labs: LabsRunner) -> None:
    """A second start says that the lab is already running."""
    again = labs("start", "trio")
    assert 0 == again.returncode, again.stderr
    assert "trio is already running: " in again.stdout


def test_a_processor_each(left: Left) -> None:
    """All that runs on a machine stays on one processor, and the machines are spread over those there are."""
    kernels = [left.kernel("trio", name) for name in ("node1", "node2", "node3")]
    found = [os.sched_getaffinity(kernel) for kernel in kernels]
    assert [1, 1, 1] == [len(one) for one in found]
    assert min(3, len(os.sched_getaffinity(0))) == len(set.union(*found))
    for kernel, own in zip(kernels, found, strict=True):
        children = cpu_affinity.list_child_processes(kernel)
        assert children
        assert {frozenset(own)} == {frozenset(os.sched_getaffinity(child)) for child in children}


def test_exec_keeps_streams_and_status_apart(labs: LabsRunner) -> None:
    """Without a terminal, exec keeps standard output, standard error and the exit status apart."""
    done = labs("exec", "node1", "--", "sh", "-c", "hostname; echo err >&2; exit 3")
    assert (3, "node1\n", "err\n") == (done.returncode, done.stdout, done.stderr)


def test_exec_tells_how_a_command_ended(labs: LabsRunner) -> None:
    """A command that is not there ends with 127, and one that a signal ends with 128 and its number."""
    assert 127 == labs("exec", "node1", "--", "no-such-command").returncode
    assert 137 == labs("exec", "node1", "--", "sh", "-c", "kill -9 $$").returncode


@pytest.mark.parametrize("size", [0, 5_500_000])
def test_exec_takes_input(labs: LabsRunner, size: int) -> None:
    """What is piped into exec reaches the command whole, and its output comes back while it goes in."""
    text = "0123456789\n" * (size // 11)
    done = labs("exec", "node1", "--", "cat", input=text)
    assert (0, size) == (done.returncode, len(done.stdout))


def test_nodes_know_each_other(labs: LabsRunner) -> None:
    """Each node answers under its name on its fixed address, and its card has the name that lessons use."""
    found = labs("exec", "node3", "--", "getent", "hosts", "node1").stdout.split()
    assert ["10.213.0.11", "node1"] == found
    assert 0 == labs("exec", "node3", "--", "ping", "-c", "1", "-W", "3", "-I", "eth0", "node1").returncode


def test_the_shell_follows_the_window(shell: Terminal) -> None:
    """The shell has a terminal of its own, as large as ours, also after a change of the window's size."""
    shell.type("tty; stty size\n")
    shell.read_until("/dev/pts/")
    shell.read_until("24 80")
    shell.resize(40, 120)
    shell.process.send_signal(28)
    time.sleep(0.5)
    shell.type("stty size\n")
    shell.read_until("40 120")


def test_ctrl_c_reaches_the_command_and_not_the_shell(shell: Terminal) -> None:
    """Ctrl-C ends what runs in the shell, and the shell goes on until it is left, with its own exit status."""
    shell.type("sleep 300\n")
    time.sleep(0.5)
    shell.type("\x03")
    shell.type("echo still-$((40 + 2))\n")
    shell.read_until("still-42")
    shell.type("exit 7\n")
    shell.read_until("logout")
    assert 7 == shell.process.wait(10)


def test_copy_in(node2: Node, tmp_path: Path) -> None:
    """A folder's content arrives with its folders and modes, and a file beside it."""
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "run").write_text("#!/bin/sh\necho deeper\n", "utf-8")
    (tmp_path / "deep" / "er" / "run").chmod(0o755)
    (tmp_path / "one").write_text("a file\n", "utf-8")
    node2.copy_files(tmp_path / "deep", "/root/copied")
    node2.copy_files(tmp_path / "one", "/root/copied")
    assert "deeper\na file\n" == node2.run_command(["sh", "-c", "copied/er/run; cat copied/one"]).text


def test_connect_port(node2: Node) -> None:
    """A stream to a port of the node goes both ways, and one where nothing listens is refused."""
    node2.run_command(["sh", "-c", "mkdir -p www && echo page >www/index.html"])
    node2.run_command(
        ["docker", "run", "-d", "--name", "www", "-p", "8000:80", "-v", "/root/www:/usr/share/nginx/html", "nginx"]
    )
    deadline = time.monotonic() + 20
    while node2.run_command(["curl", "-s", "127.0.0.1:8000"]).exit_status and time.monotonic() < deadline:
        pass
    with node2.connect_port(8000) as stream:
        stream.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert stream.makefile("rb").read().endswith(b"\r\n\r\npage\n")
    with pytest.raises(HostError, match="nothing listens on port 8001"):
        node2.connect_port(8001)
    node2.run_command(["docker", "rm", "--force", "www"])


def test_env_leads_to_the_nodes_engine(labs: LabsRunner) -> None:
    """What `labs env` names is the node's engine, and labs still finds its clusters with it set."""
    said = labs("env", "node2").stdout
    socket = next(line for line in said.splitlines() if line.startswith("export DOCKER_HOST=")).partition("=")[2]
    client = docker.DockerClient(base_url=socket)
    try:
        assert "node2" == client.info()["Name"]
        assert b"carried\n" == client.containers.run("busybox", ["echo", "carried"], remove=True)
    finally:
        client.close()
    assert "trio" in labs("status", env={"DOCKER_HOST": socket}).stdout


def _docker(labs: LabsRunner, *argv: str) -> tuple[float, int, str]:
    began = time.monotonic()
    done = labs("exec", "node3", "--", "docker", *argv)
    return time.monotonic() - began, done.returncode, done.stdout + done.stderr


def test_images_are_there(labs: LabsRunner) -> None:
    """The images that the lab names lie on the node before anything is pulled."""
    listed = _docker(labs, "images", "--format", "{{.Repository}}:{{.Tag}}")[2].split()
    assert {"nginx:alpine", "busybox:latest"} <= set(listed)


@pytest.mark.parametrize("image", ["nginx:alpine", "busybox"])
def test_pull_answers_at_once(labs: LabsRunner, image: str) -> None:
    """Pulling an official name works at once, with no network."""
    seconds, status, said = _docker(labs, "pull", image)
    assert 0 == status, said
    assert seconds < 5


def test_an_absent_image_is_told_at_once(labs: LabsRunner) -> None:
    """An image that does not exist is told as missing, and not as a fault of the network."""
    seconds, status, said = _docker(labs, "pull", "no-such-image:ever")
    assert 0 != status
    assert "manifest unknown" in said or "does not exist" in said
    assert seconds < 5


def test_a_removed_image_comes_back_from_the_hub(labs: LabsRunner) -> None:
    """An image that a learner has removed is pulled again from the hub."""
    assert 0 == _docker(labs, "image", "rm", "redis:alpine", "redis:latest")[1]
    assert 0 == _docker(labs, "run", "--rm", "redis:alpine", "redis-server", "--version")[1]


def test_a_service_has_its_images_digest(labs: LabsRunner) -> None:
    """A service is created at once, pinned to the digest that the hub answers with."""
    assert 0 == _docker(labs, "swarm", "init")[1]
    seconds, status, said = _docker(labs, "service", "create", "--detach", "--name", "web", "nginx:alpine")
    assert 0 == status, said
    assert seconds < 5
    spec = json.loads(_docker(labs, "service", "inspect", "web")[2])[0]["Spec"]
    assert "nginx:alpine@sha256:" in spec["TaskTemplate"]["ContainerSpec"]["Image"]
