"""Playing a lesson: commands, captures and mismatches."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from runner.errors import HostError
from runner.lessons.model import Command
from runner.lessons.player import LessonPlayer, ShellScriptRunner, find_missing_output_line
from tests.support import local_nodes
from tests.support.fake_clock import FakeClock

NODE = ("node1",)


@pytest.mark.parametrize(
    ("expected", "output", "missing"),
    [
        ([], "", None),
        (["one"], "one", None),
        (["one"], "none", "one"),
        (["one"], "one two", "one"),
        (["one", "three"], "one\ntwo\nthree", None),
        (["three", "one"], "one\ntwo\nthree", "one"),
        (["one", "one"], "one\ntwo", "one"),
        (["one", "one"], "one\none", None),
        (["node1   Ready"], "  node1\t Ready  ", None),
        (["node1 Ready"], "node1Ready", "node1 Ready"),
        (["node1 ... Ready"], "node1  Down  Ready", None),
        (["... Ready"], "abc * node1 Ready", None),
        (["...Ready..."], "Ready", None),
        (["..."], "", "..."),
        (["..."], "anything", None),
        (["1.5 (beta) [x]*"], "1.5 (beta) [x]*", None),
        (["1.5"], "1x5", "1.5"),
        (["Ready"], "ready", "Ready"),
        (["a...a"], "a", "a...a"),
        (["a...b...c"], "axbxc", None),
        (["a...b...c"], "axcxb", "a...b...c"),
        (["a...bc...c"], "abc", "a...bc...c"),
    ],
)
def test_missing_line(expected: list[str], output: str, missing: str | None) -> None:
    """The first expected line that is missing in the output is found; `...` and whitespace match loosely."""
    assert missing == find_missing_output_line(expected, output)


def test_missing_line_is_found_quickly() -> None:
    """Expected lines and output that are made to compare slowly are compared quickly."""
    started = time.monotonic()
    expected = "..." + "a..." * 5000 + "b"
    assert expected == find_missing_output_line([expected], "a" * 10_000)
    assert time.monotonic() - started < 2


def test_output(tmp_path: Path) -> None:
    """A result has the node, the script and all output, including errors."""
    (result,) = LessonPlayer(local_nodes.make_local_cluster(tmp_path)).play_commands(
        [Command(NODE, "echo out; echo err >&2", 7)]
    )
    assert ("node1", "echo out; echo err >&2", "out\nerr\n", "") == (
        result.node,
        result.script,
        result.output,
        result.mismatch,
    )


def test_every_node(tmp_path: Path) -> None:
    """A command runs on each of its nodes in turn."""
    player = LessonPlayer(local_nodes.make_local_cluster(tmp_path, "node1", "node2", "node3"))
    results = player.play_commands([Command(("node3", "node1"), "basename $(dirname $PWD)", 7)])
    assert [("node3", "node3\n"), ("node1", "node1\n")] == [(result.node, result.output) for result in results]


def test_capture(tmp_path: Path) -> None:
    """A captured output fills placeholders in later commands and their expected output."""
    first = Command(NODE, "echo ' a token '; echo noise >&2", 1, capture_name="TOKEN")
    second = Command(NODE, "echo '<TOKEN>'", 2, expected_output=("a token",))
    results = list(LessonPlayer(local_nodes.make_local_cluster(tmp_path)).play_commands([first, second]))
    assert ("echo 'a token'", "") == (results[1].script, results[1].mismatch)


def test_capture_only(tmp_path: Path) -> None:
    """For completed steps, only the commands that capture run again."""
    player = LessonPlayer(local_nodes.make_local_cluster(tmp_path))
    player.rerun_capturing_commands(
        [Command(NODE, "touch typed", 1), Command(NODE, "echo abc", 2, capture_name="TOKEN")]
    )
    (result,) = player.play_commands([Command(NODE, "ls; echo <TOKEN>", 3)])
    assert "abc\n" == result.output


def test_unknown_placeholder(tmp_path: Path) -> None:
    """A placeholder that was never captured is left unchanged."""
    (result,) = LessonPlayer(local_nodes.make_local_cluster(tmp_path)).play_commands(
        [Command(NODE, "echo '<HTML>'", 1)]
    )
    assert "<HTML>\n" == result.output


@pytest.mark.parametrize(
    ("command", "mismatch"),
    [
        (Command(NODE, "exit 3", 1), "it exited with 3, not with 0"),
        (Command(NODE, "true", 1, exit_status=3), "it exited with 0, not with 3"),
        (Command(NODE, "false\ntrue", 1), "it exited with 1, not with 0"),
        (Command(NODE, "exit 3", 1, exit_status=3), ""),
        (
            Command(NODE, "echo Down", 1, expected_output=("Ready",)),
            "its output has no line 'Ready' where the lesson shows one",
        ),
        (Command(NODE, "echo Ready >&2", 1, expected_output=("Ready",)), ""),
    ],
)
def test_mismatch(command: Command, mismatch: str, tmp_path: Path) -> None:
    """A result that differs from the lesson has a mismatch."""
    (result,) = LessonPlayer(local_nodes.make_local_cluster(tmp_path)).play_commands([command])
    assert mismatch == result.mismatch


def test_stops(tmp_path: Path) -> None:
    """Playing stops at the first mismatch, even before the next node of the same command."""
    player = LessonPlayer(local_nodes.make_local_cluster(tmp_path, "node1", "node2"))
    results = list(
        player.play_commands([Command(("node1", "node2"), "touch here; false", 1), Command(NODE, "touch there", 2)])
    )
    assert ["node1"] == [result.node for result in results]
    assert [Path("node1/root/here")] == [path.relative_to(tmp_path / "disks") for path in tmp_path.rglob("*here")]


def test_retry(tmp_path: Path) -> None:
    """A command with a retry time is repeated until it does what is expected."""
    (result,) = LessonPlayer(local_nodes.make_local_cluster(tmp_path)).play_commands(
        [Command(NODE, "echo x >>tries; test $(wc -l <tries) = 2", 1, retry_seconds=5)]
    )
    assert ("", "x\nx\n") == (result.mismatch, (tmp_path / "disks/node1/root/tries").read_text())


def test_retry_ends(tmp_path: Path) -> None:
    """Retrying stops after the time in the lesson, with the last mismatch."""
    started = time.monotonic()
    (result,) = LessonPlayer(local_nodes.make_local_cluster(tmp_path)).play_commands(
        [Command(NODE, "echo x >>tries; false", 1, retry_seconds=0.8)]
    )
    assert 0.8 <= time.monotonic() - started < 3
    assert "it exited with 1, not with 0" == result.mismatch
    assert len((tmp_path / "disks/node1/root/tries").read_text().splitlines()) in range(2, 10)


def test_retry_pauses_grow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow each other closely at first, and at most a second apart later."""
    clock = FakeClock()
    monkeypatch.setattr("runner.lessons.player.time", clock)
    LessonPlayer(local_nodes.make_local_cluster(tmp_path)).run_command_with_retries(
        Command(NODE, "false", 1, retry_seconds=30), "node1"
    )
    assert (0.1, 1.0) == (clock.pauses[0], clock.pauses[-1])
    assert sorted(clock.pauses) == clock.pauses


def test_lost_race(tmp_path: Path) -> None:
    """A command that lost a race with the swarm is typed again, even if the lesson gives it no time to retry."""
    script = "echo x >>tries; test $(wc -l <tries) = 3 || { echo 'Error: update out of sequence' >&2; exit 1; }"
    (result,) = LessonPlayer(local_nodes.make_local_cluster(tmp_path)).play_commands([Command(NODE, script, 1)])
    assert ("", "x\nx\nx\n") == (result.mismatch, (tmp_path / "disks/node1/root/tries").read_text())


def test_race_lost_for_good(tmp_path: Path) -> None:
    """A command that loses the race every time ends with a mismatch after a few attempts."""
    script = "echo x >>tries; echo 'Error: update out of sequence' >&2; exit 1"
    (result,) = LessonPlayer(local_nodes.make_local_cluster(tmp_path)).play_commands([Command(NODE, script, 1)])
    assert "it exited with 1, not with 0" == result.mismatch
    assert 6 == len((tmp_path / "disks/node1/root/tries").read_text().splitlines())


def test_expected_lost_race(tmp_path: Path) -> None:
    """A command that the lesson shows losing the race runs once."""
    script = "echo x >>tries; echo 'Error: update out of sequence' >&2; exit 1"
    LessonPlayer(local_nodes.make_local_cluster(tmp_path)).run_command_with_retries(
        Command(NODE, script, 1, exit_status=1), "node1"
    )
    assert 1 == len((tmp_path / "disks/node1/root/tries").read_text().splitlines())


def test_own_timeout(tmp_path: Path) -> None:
    """A command that uses `timeout` itself is reported by its exit status."""
    (result,) = LessonPlayer(local_nodes.make_local_cluster(tmp_path)).play_commands(
        [Command(NODE, "timeout 0.1 sleep 60", 1)]
    )
    assert "it exited with 124, not with 0" == result.mismatch


def test_stuck(tmp_path: Path) -> None:
    """A command that exceeds the time limit is stopped and reported."""
    (result,) = LessonPlayer(local_nodes.make_local_cluster(tmp_path), ShellScriptRunner(0.2)).play_commands(
        [Command(NODE, "sleep 60", 1)]
    )
    assert "it did not finish within 0.2 s" == result.mismatch


@pytest.mark.parametrize("method", ["play_commands", "rerun_capturing_commands"])
def test_node_of_newer_lesson(method: str, tmp_path: Path) -> None:
    """A node that was added to the lesson after the cluster was created is an error that suggests a reset."""
    player = LessonPlayer(local_nodes.make_local_cluster(tmp_path))
    with pytest.raises(HostError, match="has no node node2") as caught:
        list(getattr(player, method)([Command(("node2",), "hostname", 1, capture_name="NAME")]) or ())
    assert "labs reset" in caught.value.advice
