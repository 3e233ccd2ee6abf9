"""`labs shell`, `labs exec` and `labs env` with a real terminal and a real docker command."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import LabsRunner
from tests.docker.conftest import run_docker
from tests.terminal import Terminal

pytestmark = pytest.mark.usefixtures("trio")


def test_the_shell_is_a_terminal_on_the_node(shell: Terminal) -> None:
    """In the shell `tty` names a terminal, and the prompt names the node."""
    shell.type("tty; hostname\n")
    assert "/dev/pts/" in shell.read_until("[node2]")


def test_the_shell_follows_the_window(shell: Terminal) -> None:
    """A change of the window's size reaches the shell."""
    shell.type("stty size\n")
    shell.read_until("24 80")
    shell.resize(40, 120)
    shell.process.send_signal(28)
    time.sleep(0.5)
    shell.type("stty size\n")
    shell.read_until("40 120")


def test_ctrl_c_reaches_the_command_and_not_the_shell(shell: Terminal) -> None:
    """Ctrl-C ends what runs in the shell, and the shell goes on."""
    shell.type("sleep 300; echo status-$?\n")
    time.sleep(0.5)
    shell.type("\x03")
    shell.type("echo still-$((40 + 2))\n")
    shell.read_until("still-42")


def test_docker_completes_in_the_shell(shell: Terminal) -> None:
    """The Tab key completes docker's commands."""
    shell.type("docker swa\t")
    shell.read_until("docker swarm")


def test_the_shells_exit_status_is_ours(shell: Terminal) -> None:
    """The shell's exit status becomes that of `labs shell`."""
    shell.type("exit 7\n")
    shell.read_until("logout")
    assert 7 == shell.process.wait(10)


def test_exec_keeps_streams_and_status_apart(labs: LabsRunner) -> None:
    """Without a terminal, exec keeps standard output, standard error and the exit status apart."""
    done = labs("exec", "node1", "--", "sh", "-c", "echo out; echo err >&2; exit 3")
    assert (3, "out\n", "err\n") == (done.returncode, done.stdout, done.stderr)


def test_exec_takes_input(labs: LabsRunner) -> None:
    """What is piped into exec reaches the command whole."""
    text = "line\n" * 50_000
    done = labs("exec", "node1", "--", "wc", "-c", input=text)
    assert (0, "250000\n") == (done.returncode, done.stdout)


def test_exec_takes_a_file(labs: LabsRunner, tmp_path: Path) -> None:
    """A large file as input goes in while its output comes out."""
    text = "0123456789\n" * 500_000
    (tmp_path / "input").write_text(text, "ascii")
    with (tmp_path / "input").open("rb") as file:
        done = labs("exec", "node1", "--", "cat", stdin=file)
    assert (0, len(text)) == (done.returncode, len(done.stdout))


def test_exec_ends_with_its_reader(environment: dict[str, str]) -> None:
    """Where the reader of the output has gone, exec ends without a word."""
    script = f"{sys.executable} -m runner exec node1 -- yes | head -n 1"
    done = subprocess.run(
        ["sh", "-c", script], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert ("y\n", "") == (done.stdout, done.stderr)


def test_exec_carries_much_output(labs: LabsRunner) -> None:
    """A large output arrives whole."""
    done = labs("exec", "node1", "--", "sh", "-c", "yes 0123456789 | head -n 200000")
    assert 200_000 == done.stdout.count("0123456789\n")


def test_env_leads_docker_to_the_node(labs: LabsRunner, environment: dict[str, str]) -> None:
    """After `labs env` the learner's own docker talks to that node, while labs still finds its clusters."""
    socket = _socket(labs("env", "node2").stdout)
    there = {**environment, "DOCKER_HOST": socket}
    argv = ["docker", "run", "--rm", "--interactive", "busybox", "sh", "-c", "cat; hostname >&2"]
    done = subprocess.run(argv, env=there, input="carried", capture_output=True, text=True, check=False, timeout=60)
    assert (0, "carried") == (done.returncode, done.stdout), done.stderr
    named = subprocess.run(["docker", "info", "--format", "{{.Name}}"], env=there, capture_output=True, text=True)
    assert "node2\n" == named.stdout
    assert "trio" in labs("status", env={"DOCKER_HOST": socket}).stdout


def test_env_ends_with_the_node(labs: LabsRunner, environment: dict[str, str]) -> None:
    """The process behind `labs env` ends when its node does, and its socket goes."""
    path = _socket(labs("env", "node3").stdout).removeprefix("unix://")
    assert os.path.exists(path)  # noqa: PTH110
    run_docker("kill", f"{environment['LABS_PROJECT']}-trio-node3")
    deadline = time.monotonic() + 10
    while os.path.exists(path) and time.monotonic() < deadline:  # noqa: PTH110
        time.sleep(0.1)
    assert not os.path.exists(path)  # noqa: PTH110
    assert 0 == labs("start", "trio").returncode


def _socket(script: str) -> str:
    line = next(line for line in script.splitlines() if line.startswith("export DOCKER_HOST="))
    return line.removeprefix("export DOCKER_HOST=")
