"""Typing what a stranger has written, with an end to its time and output."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from runner.errors import HostError
from runner.grading import limited_runner
from runner.grading.limited_runner import LimitedRunner
from runner.grading.resource_limits import ResourceLimits
from runner.lessons.model import Command
from runner.lessons.player import LessonPlayer
from tests import helpers

LIMITS = ResourceLimits(block_seconds=1, output_bytes=20)


def typed(root: Path, script: str, limits: ResourceLimits = LIMITS) -> tuple[int, bytes, bytes, float]:
    """Type a script, and return its exit status, its streams, and how long that took."""
    began = time.monotonic()
    done = LimitedRunner(limits).run_script(helpers.make_local_cluster(root).nodes[0], script)
    return done.exit_status, done.stdout, done.stderr, time.monotonic() - began


def test_streams(tmp_path: Path) -> None:
    """Exit status and both streams come back apart, and the shell ends at the first command that fails."""
    assert (3, b"out\n", b"err\n") == typed(tmp_path, "echo out; echo err >&2; (exit 3); echo never")[:3]


def test_output_is_cut(tmp_path: Path) -> None:
    """Of each stream half of what may be kept comes back, so that neither hides the other; nothing is held up."""
    own = LimitedRunner(LIMITS)
    done = own.run_script(helpers.make_local_cluster(tmp_path).nodes[0], "seq 100000; seq 100000 >&2; exit 5")
    kept = b"1\n2\n3\n4\n5\n"
    assert (5, kept, kept, True) == (done.exit_status, done.stdout, done.stderr, own.is_truncated)
    own.run_script(helpers.make_local_cluster(tmp_path).nodes[0], "echo short")
    assert not own.is_truncated


@pytest.mark.parametrize("script", ["sleep 60", "yes", "while :; do :; done"])
def test_endless(script: str, tmp_path: Path) -> None:
    """What does not end is ended, with the exit status of `timeout`."""
    status, _, _, seconds = typed(tmp_path, script)
    assert 124 == status
    assert seconds < 6


def test_background(tmp_path: Path) -> None:
    """What goes on in the background holds nobody up, and what was said until then comes back."""
    status, out, _, seconds = typed(tmp_path, "echo said; sleep 5 & echo more")
    assert (0, b"said\nmore\n") == (status, out)
    assert seconds < 4


def test_background_goes_on(tmp_path: Path) -> None:
    """What goes on in the background may go on talking: it neither ends for that nor waits."""
    done = tmp_path / "done"
    typed(tmp_path, f"(sleep 1; seq 100000; seq 100000 >&2; touch {done}) &")
    deadline = time.monotonic() + 10
    while not done.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert done.exists()


def test_killed(tmp_path: Path) -> None:
    """A shell that a signal ends gives what a shell would say of it."""
    assert 137 == typed(tmp_path, "kill -9 $PPID")[0]


def test_no_input(tmp_path: Path) -> None:
    """What reads input gets none."""
    assert (0, b"") == typed(tmp_path, "cat")[:2]


def test_killed_from_inside(tmp_path: Path) -> None:
    """A script that kills what watches it is over, and is told as that."""
    assert 0 != typed(tmp_path, "kill -9 $PPID; sleep 60")[0]


def test_all_time_is_used(tmp_path: Path) -> None:
    """All blocks of a submission share its time: the next gets what is left, and then none."""
    now = [100.0]
    own = LimitedRunner(ResourceLimits(block_seconds=5, submission_seconds=8), lambda: now[0])
    told = [(own.timeout_seconds, own.seconds_left)]
    for moment in (104.0, 109.0):
        now[0] = moment
        own.start_block()
        told.append((own.timeout_seconds, own.seconds_left))
    assert [(5, 8), (4, 4), (0.1, 0)] == told


def test_repetitions_share_the_time_of_a_block(tmp_path: Path) -> None:
    """A block that is typed again and again has no more time than one that is typed once."""
    own = LimitedRunner(ResourceLimits(block_seconds=2))
    began = time.monotonic()
    (found,) = LessonPlayer(helpers.make_local_cluster(tmp_path), own).play_commands(
        [Command(("node1",), "sleep 1.5; false", 1, retry_seconds=2)]
    )
    assert found.mismatch
    assert time.monotonic() - began < 3.5


def test_deaf_to_the_first_signal(tmp_path: Path) -> None:
    """A script that does not heed the first signal is told as one that took too long all the same."""
    script = "trap '' TERM; while :; do :; done"
    (found,) = LessonPlayer(helpers.make_local_cluster(tmp_path), LimitedRunner(LIMITS)).play_commands(
        [Command(("node1",), script, 1)]
    )
    assert ("it did not end within 1 s", 137) == (found.mismatch, found.exit_status)


def test_node_that_never_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A node that keeps even our own limit from working is left."""
    monkeypatch.setattr(limited_runner, "_GRACE_SECONDS", 0)
    monkeypatch.setattr(limited_runner, "_TYPE", "sleep 30")
    with pytest.raises(HostError, match="What was typed on node1 did not end within 1 s"):
        typed(tmp_path, "true")


def test_complaint(tmp_path: Path) -> None:
    """A block that used all its time is told with the time that it had."""
    (found,) = LessonPlayer(helpers.make_local_cluster(tmp_path), LimitedRunner(LIMITS)).play_commands(
        [Command(("node1",), "sleep 60", 1)]
    )
    assert ("it did not end within 1 s", 124) == (found.mismatch, found.exit_status)
