"""Exit codes of `labs`, and errors that say what to type next."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import helpers

LESSON = f"{helpers.FRONT_MATTER}## Look {{#look}}\n"


@pytest.fixture(autouse=True)
def _tiny(tmp_path: Path) -> None:
    helpers.write_lab(tmp_path, LESSON)


@pytest.mark.parametrize(
    ("arguments", "message", "advice"),
    [
        (["strat"], "There is no command 'strat'.", "Did you mean start or status?"),
        (["xyz"], "There is no command 'xyz'.", "Choose from: list, start, "),
        (["start", "tin"], "There is no lab 'tin'.", "Did you mean tiny?"),
        (["verify", "nowhere"], "There is no lab 'nowhere'.", "Choose from: tiny. 'labs list' lists them."),
        (["show", "tin"], "There is no lab 'tin'.", "Did you mean tiny?"),
        (
            ["verify", "tiny", "--report", "gone/x.json"],
            "Cannot write gone/x.json: the folder gone does not exist.",
            "'mkdir -p gone'",
        ),
        (["verify"], "Which labs?", "'labs verify --all'"),
        (["verify", "tiny", "--all"], "LAB, '--all' and '--affected-by' exclude each other.", "Use one of them."),
        (["verify", "tiny", "--budget", "-1"], "Usage: labs verify", "-1.0 is not in the range"),
        (["verify", "tiny", "--budget", "1", "--keep"], "'--keep' works for a single lab only.", "Name one lab"),
        (["show", "tiny", "lok"], "There is no step 'lok'.", "Did you mean look?"),
        (["hint", "tin"], "There is no lab 'tin'.", "Did you mean tiny?"),
        (["hint", "tiny", "lok"], "There is no step 'lok'.", "Did you mean look?"),
        (["solution", "tiny", "lok"], "There is no step 'lok'.", "Did you mean look?"),
        (["goto", "tiny", "lok"], "There is no step 'lok'.", "Did you mean look?"),
        (["goto", "tiny"], "Which step?", "Run 'labs goto tiny STEP'."),
        (["env"], "Usage: labs env [OPTIONS] [NODE]", "Name a node"),
        (["exec", "node1", "--"], "Usage: labs exec [OPTIONS] NODE CMD...", "labs exec node1 -- docker node ls"),
        (["start"], "Which lab?", "Run 'labs start LAB'."),
        (["check", "--stp", "look"], "Usage: labs check [OPTIONS] [LAB]", "Did you mean '--step'?"),
        (["completion", "tcsh"], "Usage: labs completion", "'tcsh' is not one of 'bash', 'zsh', 'fish'"),
    ],
)
def test_usage(arguments: list[str], message: str, advice: str, tmp_path: Path) -> None:
    """A command line with an unknown name exits with 2 and suggests the nearest names, on standard error only."""
    result = helpers.run_labs(tmp_path, *arguments)
    assert (2, "") == (result.returncode, result.stdout)
    assert result.stderr.startswith(message)
    assert advice in result.stderr


def test_no_command(tmp_path: Path) -> None:
    """`labs` without a command shows its help and exits with 2."""
    result = helpers.run_labs(tmp_path)
    assert 2 == result.returncode
    assert "labs start swarm-basics" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["start", "tiny", "--driver", "docker"],
        ["status"],
        ["check"],
        ["check", "tiny", "--json"],
        ["play"],
        ["stop"],
        ["rm", "--all"],
        ["reset"],
        ["hint"],
        ["solution"],
        ["goto"],
    ],
    ids=" ".join,
)
def test_no_engine(arguments: list[str], tmp_path: Path) -> None:
    """Without an engine, a command exits with 4 and shows where it looked and how to get one."""
    result = helpers.run_labs(tmp_path, *arguments)
    assert (4, "") == (result.returncode, result.stdout)
    assert [
        "No Docker Engine answers at unix:///nonexistent.sock.",
        "Start it ('sudo systemctl start docker', or Docker Desktop) or install it "
        "('sudo apt-get install docker.io'), then run 'labs doctor'.",
    ] == result.stderr.splitlines()[-2:]


def test_doctor_without_engine(tmp_path: Path) -> None:
    """`labs doctor` shows a missing engine with the same advice, and exits with 4 if no other driver works."""
    result = helpers.run_labs(tmp_path, "doctor", PATH=str(tmp_path))
    assert (4, "") == (result.returncode, result.stderr)
    assert "✗ tools          missing Debian packages: buildah, " in result.stdout
    assert "✗ Docker Engine  No Docker Engine answers at unix:///nonexistent.sock." in result.stdout
    assert "sudo apt-get install docker.io" in result.stdout


@pytest.mark.parametrize("arguments", [["show", "tiny"], ["start", "tiny"], ["verify", "tiny"]], ids=" ".join)
def test_broken_lesson(arguments: list[str], tmp_path: Path) -> None:
    """A command that needs a broken lesson exits with 3 and prints every problem as file, line and message."""
    folder = helpers.write_lab(tmp_path, LESSON.replace("minutes: 5", "minutes: 1") + "## Find\n")
    result = helpers.run_labs(tmp_path, *arguments)
    assert (3, "") == (result.returncode, result.stdout)
    assert [
        "The lab 'tiny' has 2 problems:",
        f"{folder}/lesson.md:5: front matter: 'minutes': 1 is less than the minimum of 5",
        f"{folder}/lesson.md:10: the heading of a step must end with its id, as in '## Title {{#id}}'",
        "Fix the file, then run 'labs lint tiny'.",
    ] == result.stderr.splitlines()


@pytest.mark.parametrize("variable", ["LABS_PROJECT"])
def test_invalid_variable(variable: str, tmp_path: Path) -> None:
    """An invalid value of a LABS_ variable makes a command exit with 2 and name the variable."""
    result = helpers.run_labs(tmp_path, "start", "tiny", **{variable: "My Run"})
    assert 2 == result.returncode
    assert result.stderr.startswith(f"{variable} is 'My Run', which is not a valid project name")


def test_bug(tmp_path: Path) -> None:
    """An unexpected error exits with 70, prints its traceback, and asks for a bug report."""
    broken = "import sys; sys.argv = ['labs', 'list']\nfrom runner import cli, paths\n"
    broken += "paths.labs_folder = lambda: 1 // 0\ncli.main()\n"
    result = helpers.run_python(tmp_path, "-c", broken)
    assert 70 == result.returncode
    assert result.stderr.startswith("Traceback")
    assert "ZeroDivisionError" in result.stderr
    assert result.stderr.endswith("This is a bug in labs. Please report it, with the lines above.\n")


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_interrupted(sent: signal.Signals, tmp_path: Path) -> None:
    """SIGINT and SIGTERM end a waiting command at once with 130, without a traceback."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(20)
        host = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        argv = [sys.executable, "-m", "runner", "status"]
        environment = helpers.build_environment(tmp_path, DOCKER_HOST=host)
        with subprocess.Popen(argv, env=environment, stderr=subprocess.PIPE, text=True) as process, silent.accept()[0]:
            process.send_signal(sent)
            stderr = process.communicate(timeout=20)[1]
    assert ("Interrupted.", 130) == (stderr.strip(), process.returncode)


@pytest.mark.parametrize("arguments", [["list"], ["show", "tiny"], ["completion", "bash"], ["--help"]], ids=" ".join)
def test_closed_pipe(arguments: list[str], tmp_path: Path) -> None:
    """A reader that closes the pipe early, as `head` does, is not an error."""
    reading, writing = os.pipe()
    os.close(reading)
    with contextlib.closing(os.fdopen(writing, "wb")) as gone:
        argv = [sys.executable, "-m", "runner", *arguments]
        environment = helpers.build_environment(tmp_path)
        result = subprocess.run(argv, env=environment, stdout=gone, stderr=subprocess.PIPE, check=False)
    assert (0, b"") == (result.returncode, result.stderr)


def test_full_disk(tmp_path: Path) -> None:
    """Output to a full disk exits with 4 and a message, not with a bug report."""
    argv = [sys.executable, "-m", "runner", "list"]
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(
            argv, env=helpers.build_environment(tmp_path), stdout=full, stderr=subprocess.PIPE, check=False
        )
    message = b"Cannot write the output: No space left on device.\nFree disk space or "
    assert (4, True) == (result.returncode, result.stderr.startswith(message)), result.stderr
