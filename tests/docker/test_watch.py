"""`labs watch` beside a real cluster."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import LABS_TREE, LabsRunner
from tests.docker.conftest import run_docker
from tests.screen import Display, soon

pytestmark = pytest.mark.usefixtures("clean")
HINT = """
::: hint
One of them must begin.
:::

## Join it"""
HANGS = '''
@step("init")
def test_hangs(nodes: Nodes) -> None:
    """It comes back."""
    if nodes["node1"].host.file("/root/hang").exists:
        __import__("time").sleep(1000)
'''
Open = Callable[..., Display]


@pytest.fixture
def watching(labs: LabsRunner, environment: dict[str, str]) -> Iterator[Open]:
    """Return what starts the lab `trio` and opens `labs watch` beside it, the first results shown."""
    opened: list[Display] = []

    def open_(**more: str) -> Display:
        assert 0 == labs("start", "trio", env=more).returncode
        argv = [sys.executable, "-m", "runner", "watch", "trio"]
        opened.append(Display(argv, {**environment, **more}, columns=100, rows=30))
        opened[0].await_("✗ node1 is in a swarm")
        return opened[0]

    yield open_
    for display in opened:
        display.close()


@pytest.fixture
def on(environment: dict[str, str]) -> Callable[..., str]:
    """Return what runs a docker command on a node, as a learner does."""

    def run(node: str, *words: str) -> str:
        return run_docker("exec", f"{environment['LABS_PROJECT']}-trio-{node}", "docker", *words)

    return run


def test_turns_green(watching: Open, on: Callable[..., str]) -> None:
    """What a learner does turns green by itself and soon, step after step, and the nodes show their roles."""
    display = watching()
    on("node1", "swarm", "init", "--advertise-addr", "eth0")
    display.await_("✓ Make a swarm", soon())
    display.await_("● node1  leader", soon())
    token = on("node1", "swarm", "join-token", "--quiet", "worker")
    on("node2", "swarm", "join", "--token", token, "node1:2377")
    display.await_("the nodes' states: ['ready', 'ready']", soon())
    on("node3", "swarm", "join", "--token", token, "node1:2377")
    display.await_("You have completed every step of 'Trio'.", soon())
    on("node1", "service", "create", "--detach", "--name", "web", "--replicas", "3", "nginx:alpine")
    display.await_("web 3/3")
    assert {"web.1", "web.2", "web.3"} <= {*display.text.split()}


def test_no_longer_green(watching: Open, on: Callable[..., str]) -> None:
    """What was reached and is undone is green no longer."""
    display = watching()
    on("node1", "swarm", "init", "--advertise-addr", "eth0")
    display.await_("✓ Make a swarm", soon())
    on("node1", "swarm", "leave", "--force")
    display.await_("✗ node1 is in a swarm", 30)


def test_files(watching: Open, labs: LabsRunner) -> None:
    """What no engine tells of is seen as soon when it was done through `labs exec` or `labs shell`."""
    display = watching()
    labs("exec", "node1", "--", "sh", "-c", "rm app/note.txt; echo gone")
    display.await_("✗ The lab's note lies on node1", soon())
    labs("exec", "node1", "--", "sh", "-c", "echo note > app/note.txt; echo here")
    display.await_("✓ The lab's note lies on node1", soon())


def test_node_down_and_back(
    watching: Open, labs: LabsRunner, on: Callable[..., str], environment: dict[str, str]
) -> None:
    """A node that dies is shown so; once it is back the watch follows it again."""
    display = watching()
    run_docker("kill", f"{environment['LABS_PROJECT']}-trio-node3")
    display.await_("node3 is down.", soon())
    display.await_("○ node3  stopped", soon())
    assert 0 == labs("start", "trio").returncode
    display.await_(lambda text: "node3 is down." not in text and "● node3" in text, 2 * soon())
    on("node3", "run", "--detach", "--name", "returned", "busybox", "sleep", "300")
    display.await_("returned", soon())


def test_cluster_comes_and_goes(watching: Open, labs: LabsRunner) -> None:
    """The cluster may be halted, started, made anew and removed: the watch says so, and goes on."""
    display = watching()
    for words, shown in (
        (("stop",), "The nodes of 'trio' are stopped."),
        (("start", "trio"), "✗ node1 is in a swarm"),
        (("reset",), "✗ node1 is in a swarm"),
        (("rm",), "'trio' is not started."),
        (("start", "trio"), "✗ node1 is in a swarm"),
    ):
        assert 0 == labs(*words).returncode
        display.await_(shown, 10)
    display.type("q")
    assert 0 == display.ended()


def test_a_check_that_hangs(watching: Open, labs: LabsRunner, tmp_path: Path) -> None:
    """A check that does not come back holds up neither keys nor drawing, and can be run again once it would."""
    tree = Path(shutil.copytree(LABS_TREE, tmp_path / "tree"))
    checks, lesson = tree / "checks" / "test_trio.py", tree / "labs" / "trio" / "lesson.md"
    checks.write_text(checks.read_text("utf-8") + HANGS, "utf-8")
    lesson.write_text(lesson.read_text("utf-8").replace("\n## Join it", HINT), "utf-8")
    display = watching(LABS_ROOT=str(tree))
    labs("exec", "node1", "--", "sh", "-c", "touch hang; echo now")
    display.await_("checking ...", 10)
    display.type("h")
    display.await_("One of them must begin.", soon())
    display.resize(24, 70)
    display.await_(lambda _: "━" * 70 == display.lines[1], soon())
    labs("exec", "node1", "--", "rm", "hang")
    display.type("r")
    display.await_(lambda text: "checking" not in text, 10)
    display.type("q")
    assert 0 == display.ended()


def test_progress_is_kept(watching: Open, labs: LabsRunner, on: Callable[..., str], tmp_path: Path) -> None:
    """A step that passes while it is watched counts as passed, as if `labs check` had seen it."""
    own = {"XDG_STATE_HOME": str(tmp_path)}
    display = watching(**own)
    on("node1", "swarm", "init", "--advertise-addr", "eth0")
    display.await_("✓ Make a swarm", soon())
    assert "1/2" in next(line for line in labs("list", env=own).stdout.splitlines() if line.startswith("trio"))
