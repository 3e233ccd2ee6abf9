"""Blocks of a submission run as in one terminal per node: all lines run, and a shell's memory lasts."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.grading.limited_runner import FailedLine, LimitedRunner
from runner.grading.resource_limits import ResourceLimits
from runner.nodes.driver_interface import ExecResult
from tests.support import local_nodes

pytestmark = pytest.mark.skipif(not shutil.which("timeout"), reason="this host has no GNU timeout, as nodes have")
LIMITS = ResourceLimits(block_seconds=20)


class Terminal:
    """Runs blocks on local nodes, with the same limits."""

    def __init__(self, root: Path) -> None:
        self.runner = LimitedRunner(LIMITS)
        self.nodes = local_nodes.make_local_cluster(root, "node1", "node2").nodes
        self.state_file = root / "disks/node1/run/labs-block-state"

    def run(self, script: str, node: int = 1, seconds: float = 20) -> ExecResult:
        """Run a block on a node."""
        self.runner.limits = ResourceLimits(block_seconds=seconds)
        self.runner.start_block_timer()
        return self.runner.run_script(self.nodes[node - 1], script)

    def read(self, script: str, node: int = 1) -> str:
        """Return what a block prints."""
        return self.run(script, node).stdout_text


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """Return a terminal that has run nothing yet."""
    return Terminal(tmp_path)


@pytest.mark.parametrize(
    ("first", "second", "printed"),
    [
        ("NAME='two  words'", 'echo "$NAME"', "two  words"),
        ("export NAME=shop", "env | grep ^NAME=", "NAME=shop"),
        ("NAME=shop", "env | grep -c ^NAME=", "0"),
        ("list=(1 2 '3 4'); declare -A map=([a b]=c)", 'echo "${list[2]}" "${map[a b]}"', "3 4 c"),
        ("readonly NAME=shop; declare -i number=3", "number+=2; echo $NAME $number", "shop 5"),
        ("NAME=$'line\\n\\'quoted\\''", 'printf %s "$NAME"', "line\n'quoted'"),
        ("alias greet='echo hello'", "greet you", "hello you"),
        ("alias greet='echo hello'\ngreet you", "true", ""),
        ('greet() { echo "hello $1"; }', "greet you", "hello you"),
        ("alias say='say again'; say() { echo once \"$@\"; }; unalias say", "say", "once"),
        ("alias echo='echo x'\ngreet() { echo y; }", "greet", "x y"),
        (
            "shopt -s extglob; f() { [[ $1 == @(a|b) ]] && echo found; }",
            "f b; shopt -q extglob && echo on",
            "found\non",
        ),
        ("set -o pipefail", "false | true; echo $?", "1"),
        ("set -f", "echo /*", "/*"),
        ("set -u; set -C", "[[ -o nounset && -o noclobber ]] && echo both", "both"),
        ("umask 077", "umask", "0077"),
        ("cd /; A=1", 'basename "$PWD"; echo $A', "root\n1"),
        ("set -e", "false; echo goes on", "goes on"),
        ("set -x; A=1", "echo $A 2>&1", "1"),
        ("IFS=a; x=bac", "echo $x", "b c"),
        ("A=1; exit 3", "echo $A", "1"),
        ("A=1; (exit 3)\nA=2", "echo $A", "2"),
        ("A=1; trap 'echo bye' EXIT", "echo $A", "1"),
        ("A=1\nfi", "echo $A", "1"),
        ("set +B; shopt -s failglob nocasematch; A=1", "echo $A {1,2}", "1 {1,2}"),
    ],
)
def test_memory_lasts(terminal: Terminal, first: str, second: str, printed: str) -> None:
    """What a block sets is there in the next one on the node, except the folder and options that end a shell."""
    terminal.run(first)
    result = terminal.run(second)
    assert (printed, "") == (result.stdout_text.strip("\n"), result.stderr_text)


def test_nodes_have_memories_of_their_own(terminal: Terminal) -> None:
    """A block on another node in between neither sees nor changes variables."""
    terminal.run("NAME=first")
    assert "unset" == terminal.read("echo ${NAME-unset}; NAME=second", node=2).strip()
    assert "first" == terminal.read("echo $NAME").strip()


def test_all_lines_run(terminal: Terminal) -> None:
    """Every line runs after one that failed; the exit status is that of the first, which is named."""
    result = terminal.run("echo 1\n(exit 3)\nls /nowhere 2>&1 | cat; echo $?\nfalse\necho 4")
    assert (3, "4") == (result.exit_status, result.stdout_text.splitlines()[-1])
    assert FailedLine(2, "( exit 3 )") == terminal.runner.failed_line


@pytest.mark.parametrize(
    ("script", "status", "printed", "failed"),
    [
        ("echo 1\necho (\necho 3", 2, "1 3", FailedLine(2, "echo (")),
        ("A=1; cd /\nfi\necho $A $PWD\ndone\necho 5", 2, "1 / 5", FailedLine(2, "fi")),
        ("(exit 4)\nfi\necho 3", 4, "3", FailedLine(1, "( exit 4 )")),
        ("echo 1\nif true; then", 2, "1", None),
        ("echo 1\necho 'unclosed", 2, "1", None),
        ("echo 1\nexit 5\necho 3", 5, "1", None),
        ("false\nexit 0", 1, "", FailedLine(1, "false")),
        ("readonly A=1\nA=2\necho 3", 0, "3", None),
        ("echo 1\nset -e\nfalse\necho 4", 1, "1", FailedLine(3, "false")),
        ("if false; then :; fi; false || true; ! true; echo 1", 0, "1", None),
        ("false\necho $?", 1, "1", FailedLine(1, "false")),
        ("trap 'echo bye' EXIT\nfalse\necho 3", 1, "3 bye", FailedLine(2, "false")),
        ("true\necho ${NAME:?}\necho 3", 127, "", None),
        ("echo one \\\n two; false", 1, "one two", FailedLine(2, "false")),
    ],
)
def test_failures(terminal: Terminal, script: str, status: int, printed: str, failed: FailedLine | None) -> None:
    """A syntax error loses its own line only; `exit` and options that end a shell end the block."""
    result = terminal.run(script)
    assert (status, printed) == (result.exit_status, " ".join(result.stdout_text.split()))
    assert failed == terminal.runner.failed_line


def test_failure_is_not_kept(terminal: Terminal) -> None:
    """A block after one that failed has not failed, and neither has one whose shell saved nothing."""
    assert 1 == terminal.run("A=1; false").exit_status
    assert 0 == terminal.run("exec true").exit_status
    assert terminal.runner.failed_line is None
    assert "1" == terminal.read("echo $A").strip()


def test_time_limit_keeps_memory(terminal: Terminal) -> None:
    """What a block has set before it ran into its time limit is there in the next one, which is run."""
    terminal.run("A=before; B=old")
    started_at = time.monotonic()
    assert 124 == terminal.run("B=new; sleep 60", seconds=2).exit_status
    assert time.monotonic() - started_at < 8
    assert "before new" == terminal.read("echo $A $B").strip()


def test_killed_shell_keeps_earlier_memory(terminal: Terminal) -> None:
    """A shell that is killed and saves nothing does not destroy what earlier blocks have set."""
    terminal.run("A=1")
    assert 137 == terminal.run("A=2; kill -9 $$").exit_status
    assert "1" == terminal.read("echo $A").strip()


def test_background_process_outlives_its_block(terminal: Terminal) -> None:
    """Processes in the background, with job control or without, run on and do not hold the block open."""
    started_at = time.monotonic()
    terminal.run("sleep 30 & echo $! >plain\nset -m; sleep 30 & echo $! >own-group")
    assert time.monotonic() - started_at < 10
    assert "alive alive" == " ".join(
        terminal.read("kill -0 $(cat plain) $(cat own-group) && echo alive alive; kill $(cat plain own-group)").split()
    )


DAMAGES: dict[str, Callable[[Path], object]] = {
    "syntax error": lambda file: file.write_text("A=1; if\nfi ((\n"),
    "binary": lambda file: file.write_bytes(b"\0\1\2\xff{ garbage\n" * 10),
    "truncated": lambda file: file.write_text("# \nexport A=1\ndeclare -- B='unclos"),
    "ends the shell": lambda file: file.write_text("exit 0\n"),
    "fails": lambda file: file.write_text("set -e; false\n"),
    "has output": lambda file: file.write_text("echo no; echo no >&2\n"),
    "pipe": os.mkfifo,
    "folder": Path.mkdir,
    "endless": lambda file: file.symlink_to("/dev/zero"),
    "large": lambda file: file.write_text("A=1\n" * 2_000_000),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_memory(terminal: Terminal, damage: str) -> None:
    """A block runs normally where the file with the memory is damaged or something else."""
    assert 0 == terminal.run("A=1").exit_status
    terminal.state_file.unlink()
    DAMAGES[damage](terminal.state_file)
    result = terminal.run("echo out; false; echo end")
    assert (b"out\nend\n", b"") == (result.stdout, result.stderr)


def test_endless_memory_has_the_time_limit(terminal: Terminal) -> None:
    """A file with the memory that never ends costs the block its time, and no more."""
    terminal.run("A=1")
    terminal.state_file.write_text("while :; do :; done\n")
    started_at = time.monotonic()
    assert 124 == terminal.run("echo never", seconds=0.5).exit_status
    assert time.monotonic() - started_at < 6


def test_nothing_is_visible(terminal: Terminal) -> None:
    """Neither the environment of a block's processes nor its folder shows how the memory is kept."""
    assert "" == terminal.read("env | grep -i -e __labs -e BASH_ENV; ls -A")
