"""`labs shell`, `labs exec` and `labs env` with a real terminal and a real docker command."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.docker_leftovers import run_docker
from tests.support.labs_command import LabsRunner
from tests.support.pseudo_terminal import PseudoTerminal

pytestmark = pytest.mark.usefixtures("trio")


def test_shell_is_a_terminal(shell: PseudoTerminal) -> None:
    """In the shell `tty` names a terminal, and the prompt names the node."""
    shell.type_text("tty; hostname\n")
    assert "/dev/pts/" in shell.read_until("[node2]")


def test_shell_follows_the_window_size(shell: PseudoTerminal) -> None:
    """A change of the window size reaches the shell."""
    shell.type_text("stty size\n")
    shell.read_until("24 80")
    shell.resize(40, 120)
    shell.process.send_signal(28)
    time.sleep(0.5)
    shell.type_text("stty size\n")
    shell.read_until("40 120")


def test_ctrl_c_reaches_the_command(shell: PseudoTerminal) -> None:
    """Ctrl-C ends the command in the shell, and the shell continues."""
    shell.type_text("sleep 300; echo status-$?\n")
    time.sleep(0.5)
    shell.type_text("\x03")
    shell.type_text("echo still-$((40 + 2))\n")
    shell.read_until("still-42")


def test_shell_completes_docker_commands(shell: PseudoTerminal) -> None:
    """The Tab key completes docker's commands."""
    shell.type_text("docker swa\t")
    shell.read_until("docker swarm")


def test_detach_keys_are_for_containers(shell: PseudoTerminal) -> None:
    """Ctrl-P shows the previous line at once, and Ctrl-P Ctrl-Q leaves a container on the node, not the node."""
    shell.type_text("docker run -it --name left --network none alpine sh\r")
    shell.read_until("/ # ")
    for key in "\x10\x11":
        shell.type_text(key)
        time.sleep(0.3)
    shell.read_until("[node2]")
    shell.type_text("docker ps --filter name=left --format '{{.Status}}'; echo st''ill-here\r")
    output = shell.read_until("still-here\r\n")
    assert "Up " in output
    time.sleep(0.5)
    shell.type_text("\x10")
    shell.read_until("docker ps", seconds=3)
    shell.type_text("\x15")
    # The first of the engine's detach keys for the terminal.
    shell.type_text("\x00")
    time.sleep(0.3)
    shell.type_text("docker rm --force left && echo re''moved\r")
    shell.read_until("removed\r\n")


def test_shell_exit_status(shell: PseudoTerminal) -> None:
    """The shell's exit status becomes that of `labs shell`."""
    shell.type_text("exit 7\n")
    shell.read_until("logout")
    assert 7 == shell.process.wait(10)


def test_exec_streams_and_status(labs: LabsRunner) -> None:
    """Without a terminal, exec returns standard output, standard error and the exit status separately."""
    result = labs("exec", "node1", "--", "sh", "-c", "echo out; echo err >&2; exit 3")
    assert (3, "out\n", "err\n") == (result.returncode, result.stdout, result.stderr)


def test_exec_input(labs: LabsRunner) -> None:
    """Input that is piped into exec reaches the command completely."""
    text = "line\n" * 50_000
    result = labs("exec", "node1", "--", "wc", "-c", input=text)
    assert (0, "250000\n") == (result.returncode, result.stdout)


def test_exec_input_file(labs: LabsRunner, tmp_path: Path) -> None:
    """A large input file is sent while the output is received."""
    text = "0123456789\n" * 500_000
    (tmp_path / "input").write_text(text, "ascii")
    with (tmp_path / "input").open("rb") as file:
        result = labs("exec", "node1", "--", "cat", stdin=file)
    assert (0, len(text)) == (result.returncode, len(result.stdout))


def test_exec_without_reader(environment: dict[str, str]) -> None:
    """If the reader of its output exits, exec exits without a message."""
    script = f"{sys.executable} -m runner exec node1 -- yes | head -n 1"
    result = subprocess.run(
        ["sh", "-c", script], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert ("y\n", "") == (result.stdout, result.stderr)


def test_exec_large_output(labs: LabsRunner) -> None:
    """A large output arrives completely."""
    result = labs("exec", "node1", "--", "sh", "-c", "yes 0123456789 | head -n 200000")
    assert 200_000 == result.stdout.count("0123456789\n")


def test_env(labs: LabsRunner, environment: dict[str, str]) -> None:
    """After `labs env` the docker command on the host uses that node, and labs still finds its clusters."""
    socket = _read_docker_host(labs("env", "node2").stdout)
    variables = {**environment, "DOCKER_HOST": socket}
    argv = ["docker", "run", "--rm", "--interactive", "busybox", "sh", "-c", "cat; hostname >&2"]
    result = subprocess.run(
        argv, env=variables, input="carried", capture_output=True, text=True, check=False, timeout=60
    )
    assert (0, "carried") == (result.returncode, result.stdout), result.stderr
    named = subprocess.run(["docker", "info", "--format", "{{.Name}}"], env=variables, capture_output=True, text=True)
    assert "node2\n" == named.stdout
    assert "trio" in labs("status", env={"DOCKER_HOST": socket}).stdout


def test_env_process_ends_with_the_node(labs: LabsRunner, environment: dict[str, str]) -> None:
    """The process of `labs env` exits with its node and removes its socket."""
    path = _read_docker_host(labs("env", "node3").stdout).removeprefix("unix://")
    assert os.path.exists(path)  # noqa: PTH110
    run_docker("kill", f"{environment['LABS_PROJECT']}-trio-node3")
    deadline = time.monotonic() + 10
    while os.path.exists(path) and time.monotonic() < deadline:  # noqa: PTH110
        time.sleep(0.1)
    assert not os.path.exists(path)  # noqa: PTH110
    assert 0 == labs("start", "trio").returncode


def _read_docker_host(script: str) -> str:
    line = next(line for line in script.splitlines() if line.startswith("export DOCKER_HOST="))
    return line.removeprefix("export DOCKER_HOST=")
