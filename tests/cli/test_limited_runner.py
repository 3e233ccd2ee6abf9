"""Running untrusted commands with limits on their time and output."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from runner.errors import HostError
from runner.grading import limited_runner
from runner.grading.limited_runner import LimitedRunner
from runner.grading.resource_limits import ResourceLimits
from runner.lessons.model import Command
from runner.lessons.player import CommandResult, LessonPlayer
from tests.support import local_nodes

pytestmark = pytest.mark.skipif(not shutil.which("timeout"), reason="this host has no GNU timeout, as nodes have")
LIMITS = ResourceLimits(block_seconds=20, output_bytes=20)
# For scripts that never end.
SHORT = ResourceLimits(block_seconds=0.3, output_bytes=20)


def run_script(root: Path, script: str, limits: ResourceLimits = LIMITS) -> tuple[int, bytes, bytes, float]:
    """Run a script, and return its exit status, its output streams, and how many seconds that took."""
    started_at = time.monotonic()
    result = LimitedRunner(limits).run_script(local_nodes.make_local_cluster(root).nodes[0], script)
    return result.exit_status, result.stdout, result.stderr, time.monotonic() - started_at


def play(root: Path, command: Command, limits: ResourceLimits = LIMITS) -> CommandResult:
    """Run one command as a lesson player does."""
    player = LessonPlayer(local_nodes.make_local_cluster(root), LimitedRunner(limits))
    (result,) = player.play_commands([command])
    return result


def test_streams(tmp_path: Path) -> None:
    """Exit status and both streams are returned separately."""
    assert (3, b"out\n", b"err\n") == run_script(tmp_path, "echo out; echo err >&2; exit 3; echo never")[:3]


def test_output_is_truncated(tmp_path: Path) -> None:
    """Each stream gets half of the limit, so that neither hides the other; the rest does not block the script."""
    runner = LimitedRunner(LIMITS)
    result = runner.run_script(local_nodes.make_local_cluster(tmp_path).nodes[0], "seq 100000; seq 100000 >&2; exit 5")
    beginning = b"1\n2\n3\n4\n5\n"
    assert (5, beginning, beginning, True) == (result.exit_status, result.stdout, result.stderr, runner.is_truncated)
    runner.run_script(local_nodes.make_local_cluster(tmp_path).nodes[0], "echo short")
    assert not runner.is_truncated


@pytest.mark.parametrize("script", ["sleep 60", "yes", "while :; do :; done"])
def test_endless_script(script: str, tmp_path: Path) -> None:
    """A script that does not end is stopped, with the exit status of `timeout`."""
    status, _, _, seconds = run_script(tmp_path, script, SHORT)
    assert 124 == status
    assert seconds < 6


def test_background(tmp_path: Path) -> None:
    """A background process does not delay the result, and the output until then is returned."""
    status, out, _, seconds = run_script(tmp_path, "echo said; sleep 5 & echo more")
    assert (0, b"said\nmore\n") == (status, out)
    assert seconds < 4


def test_background_continues(tmp_path: Path) -> None:
    """A background process can continue to print: this neither ends nor blocks it."""
    finished = tmp_path / "done"
    run_script(tmp_path, f"(sleep 0.8; seq 100000; seq 100000 >&2; touch {finished}) &")
    deadline = time.monotonic() + 10
    while not finished.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert finished.exists()


def test_signal(tmp_path: Path) -> None:
    """A shell that is killed by a signal has the exit status that shells use."""
    assert 137 == run_script(tmp_path, "kill -9 $PPID")[0]


def test_no_input(tmp_path: Path) -> None:
    """A command that reads its input gets an empty one."""
    assert (0, b"") == run_script(tmp_path, "cat")[:2]


def test_script_kills_its_parent(tmp_path: Path) -> None:
    """A script that kills the process that limits it fails."""
    assert 0 != run_script(tmp_path, "kill -9 $PPID; sleep 60", SHORT)[0]


def test_submission_deadline(tmp_path: Path) -> None:
    """All blocks of a submission share its time: the next one gets what is left, and then none."""
    now = [100.0]
    runner = LimitedRunner(ResourceLimits(block_seconds=5, submission_seconds=8), lambda: now[0])
    seconds = [(runner.next_script_timeout_seconds, runner.submission_seconds_left)]
    for moment in (104.0, 109.0):
        now[0] = moment
        runner.start_block_timer()
        seconds.append((runner.next_script_timeout_seconds, runner.submission_seconds_left))
    assert [(5, 8), (4, 4), (0.1, 0)] == seconds


def test_retries_share_the_time_of_a_block(tmp_path: Path) -> None:
    """A block that is retried has the same time limit as a block that is run once: the second attempt is stopped."""
    attempts = tmp_path / "disks/node1/root/attempts"
    # The first attempt uses all of the time.
    runner = LimitedRunner(ResourceLimits(block_seconds=30), lambda: 30.0 * attempts.exists())
    player = LessonPlayer(local_nodes.make_local_cluster(tmp_path), runner)
    script = "if [ -e attempts ]; then sleep 60; fi; touch attempts; false"
    (result,) = player.play_commands([Command(("node1",), script, 1, exit_status=124, retry_seconds=20)])
    assert ("", 124) == (result.mismatch, result.exit_status)


def test_first_signal_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script that ignores the first signal is killed, and reported as one that took too long."""
    program, _, rest = limited_runner._LIMITED_EXEC.partition("--kill-after=5")
    monkeypatch.setattr(limited_runner, "_LIMITED_EXEC", f"{program}--kill-after=0.3{rest}")
    result = play(tmp_path, Command(("node1",), "trap '' TERM; while :; do :; done", 1), SHORT)
    assert ("it did not finish within 0.3 s", 137) == (result.mismatch, result.exit_status)


def test_node_that_never_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the node does not even enforce the limit, the runner stops waiting."""
    monkeypatch.setattr(limited_runner, "_GRACE_SECONDS", 0)
    monkeypatch.setattr(limited_runner, "_LIMITED_EXEC", "sleep 30")
    with pytest.raises(HostError, match=r"The block on node1 did not finish within 0\.3 s"):
        run_script(tmp_path, "true", SHORT)


def test_timeout_message(tmp_path: Path) -> None:
    """A block that used all of its time is reported with its limit."""
    result = play(tmp_path, Command(("node1",), "sleep 60", 1), SHORT)
    assert ("it did not finish within 0.3 s", 124) == (result.mismatch, result.exit_status)
