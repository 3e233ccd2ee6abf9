"""`labs watch` with a real cluster."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.docker_leftovers import run_docker
from tests.support.emulated_screen import ScreenTerminal, reaction_limit
from tests.support.labs_command import LABS_TREE, LabsRunner

pytestmark = pytest.mark.usefixtures("clean")
HINT = """
::: hint
One of the nodes must be first.
:::

## Join it"""
HANGS = '''
@step("init")
def test_hangs(nodes: Nodes) -> None:
    """It returns."""
    if nodes["node1"].testinfra_host.file("/root/hang").exists:
        __import__("time").sleep(1000)
'''
OpenWatch = Callable[..., ScreenTerminal]


@pytest.fixture
def open_watch(labs: LabsRunner, environment: dict[str, str]) -> Iterator[OpenWatch]:
    """Return a function that starts the lab `trio` and opens `labs watch`, with the first results shown."""
    opened: list[ScreenTerminal] = []

    def start_and_watch(**variables: str) -> ScreenTerminal:
        assert 0 == labs("start", "trio", env=variables).returncode
        argv = [sys.executable, "-m", "runner", "watch", "trio"]
        opened.append(ScreenTerminal(argv, {**environment, **variables}, columns=100, rows=30))
        opened[0].wait_for("✗ node1 is in a swarm")
        return opened[0]

    yield start_and_watch
    for display in opened:
        display.close()


@pytest.fixture
def docker_on(environment: dict[str, str]) -> Callable[..., str]:
    """Return a function that runs a Docker command on a node, as a learner does."""

    def run(node: str, *arguments: str) -> str:
        return run_docker("exec", f"{environment['LABS_PROJECT']}-trio-{node}", "docker", *arguments)

    return run


def test_turns_green(open_watch: OpenWatch, docker_on: Callable[..., str]) -> None:
    """Checks turn green soon after the learner completes a step, and nodes show their swarm roles."""
    display = open_watch()
    docker_on("node1", "swarm", "init", "--advertise-addr", "eth0")
    display.wait_for("✓ Make a swarm", reaction_limit())
    display.wait_for("● node1  leader", reaction_limit())
    token = docker_on("node1", "swarm", "join-token", "--quiet", "worker")
    docker_on("node2", "swarm", "join", "--token", token, "node1:2377")
    display.wait_for("the nodes' states: ['ready', 'ready']", reaction_limit())
    docker_on("node3", "swarm", "join", "--token", token, "node1:2377")
    display.wait_for("You have completed every step of 'Trio'.", reaction_limit())
    docker_on("node1", "service", "create", "--detach", "--name", "web", "--replicas", "3", "nginx:alpine")
    display.wait_for("web 3/3")
    assert {"web.1", "web.2", "web.3"} <= {*display.screen_text.split()}


def test_turns_red_again(open_watch: OpenWatch, docker_on: Callable[..., str]) -> None:
    """A step that is undone turns red again."""
    display = open_watch()
    docker_on("node1", "swarm", "init", "--advertise-addr", "eth0")
    display.wait_for("✓ Make a swarm", reaction_limit())
    docker_on("node1", "swarm", "leave", "--force")
    display.wait_for("✗ node1 is in a swarm", 30)


def test_terminal_activity(open_watch: OpenWatch, labs: LabsRunner) -> None:
    """Changes that no engine reports are noticed just as soon if they are made with `labs exec` or `labs shell`."""
    display = open_watch()
    labs("exec", "node1", "--", "sh", "-c", "rm app/note.txt; echo gone")
    display.wait_for("✗ The lab's note is on node1", reaction_limit())
    labs("exec", "node1", "--", "sh", "-c", "echo note > app/note.txt; echo here")
    display.wait_for("✓ The lab's note is on node1", reaction_limit())


def test_stopped_node(
    open_watch: OpenWatch, labs: LabsRunner, docker_on: Callable[..., str], environment: dict[str, str]
) -> None:
    """A node that dies is shown as stopped; once it runs again the watch follows its events."""
    display = open_watch()
    run_docker("kill", f"{environment['LABS_PROJECT']}-trio-node3")
    display.wait_for("node3 is down.", reaction_limit())
    display.wait_for("○ node3  stopped", reaction_limit())
    assert 0 == labs("start", "trio").returncode
    display.wait_for(lambda text: "node3 is down." not in text and "● node3" in text, 2 * reaction_limit())
    docker_on("node3", "run", "--detach", "--name", "returned", "busybox", "sleep", "300")
    display.wait_for("returned", reaction_limit())


def test_cluster_lifecycle(open_watch: OpenWatch, labs: LabsRunner) -> None:
    """The watch shows that the cluster is stopped, started, reset or removed, and continues."""
    display = open_watch()
    for arguments, shown in (
        (("stop",), "'trio' is stopped."),
        (("start", "trio"), "✗ node1 is in a swarm"),
        (("reset",), "✗ node1 is in a swarm"),
        (("rm",), "'trio' is not started."),
        (("start", "trio"), "✗ node1 is in a swarm"),
    ):
        assert 0 == labs(*arguments).returncode
        display.wait_for(shown, 10)
    display.type_text("q")
    assert 0 == display.wait_for_exit()


def test_hanging_check(open_watch: OpenWatch, labs: LabsRunner, tmp_path: Path) -> None:
    """A hanging check blocks neither keys nor drawing, and can be run again."""
    tree = Path(shutil.copytree(LABS_TREE, tmp_path / "tree"))
    checks, lesson = tree / "checks" / "test_trio.py", tree / "labs" / "trio" / "lesson.md"
    checks.write_text(checks.read_text("utf-8") + HANGS, "utf-8")
    lesson.write_text(lesson.read_text("utf-8").replace("\n## Join it", HINT), "utf-8")
    display = open_watch(LABS_ROOT=str(tree))
    labs("exec", "node1", "--", "sh", "-c", "touch hang; echo now")
    display.wait_for("checking ...", 10)
    display.type_text("h")
    display.wait_for("One of the nodes must be first.", reaction_limit())
    display.resize(24, 70)
    display.wait_for(lambda _: "━" * 70 == display.screen_lines[1], reaction_limit())
    labs("exec", "node1", "--", "rm", "hang")
    display.type_text("r")
    display.wait_for(lambda text: "checking" not in text, 10)
    display.type_text("q")
    assert 0 == display.wait_for_exit()


def test_progress_is_recorded(
    open_watch: OpenWatch, labs: LabsRunner, docker_on: Callable[..., str], tmp_path: Path
) -> None:
    """A step that passes during the watch counts as passed, as with `labs check`."""
    state = {"XDG_STATE_HOME": str(tmp_path)}
    display = open_watch(**state)
    docker_on("node1", "swarm", "init", "--advertise-addr", "eth0")
    display.wait_for("✓ Make a swarm", reaction_limit())
    assert "1/2" in next(line for line in labs("list", env=state).stdout.splitlines() if line.startswith("trio"))
