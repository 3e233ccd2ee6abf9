"""Playing a lesson: what is typed, what is kept, and what does not come out as promised."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from runner.errors import HostError
from runner.lessons.model import Command
from runner.lessons.player import ShellScriptRunner, LessonPlayer, find_missing_line
from tests import helpers

NODE = ("node1",)


@pytest.mark.parametrize(
    ("expected", "output", "absent"),
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
def test_absent_line(expected: list[str], output: str, absent: str | None) -> None:
    """The first promised line that the output lacks, in its order, is found; dots and white space are generous."""
    assert absent == find_missing_line(expected, output)


def test_absent_line_is_found_soon() -> None:
    """What a stranger promises and prints may be meant to be compared for ever, and is compared at once."""
    began = time.monotonic()
    promised = "..." + "a..." * 5000 + "b"
    assert promised == find_missing_line([promised], "a" * 10_000)
    assert time.monotonic() - began < 2


def test_output(tmp_path: Path) -> None:
    """What was typed is told with its node and all that came back, errors included."""
    (typed,) = LessonPlayer(helpers.make_local_cluster(tmp_path)).play_commands([Command(NODE, "echo out; echo err >&2", 7)])
    assert ("node1", "echo out; echo err >&2", "out\nerr\n", "") == (
        typed.node,
        typed.script,
        typed.output,
        typed.mismatch,
    )


def test_every_node(tmp_path: Path) -> None:
    """A command is typed on each of its nodes, in turn."""
    player = LessonPlayer(helpers.make_local_cluster(tmp_path, "node1", "node2", "node3"))
    played = player.play_commands([Command(("node3", "node1"), "basename $(dirname $PWD)", 7)])
    assert [("node3", "node3\n"), ("node1", "node1\n")] == [(typed.node, typed.output) for typed in played]


def test_capture(tmp_path: Path) -> None:
    """What a command prints fills the placeholders of later commands and of their promised output."""
    first = Command(NODE, "echo ' a token '; echo noise >&2", 1, capture_name="TOKEN")
    second = Command(NODE, "echo '<TOKEN>'", 2, expected_output=("a token",))
    typed = list(LessonPlayer(helpers.make_local_cluster(tmp_path)).play_commands([first, second]))
    assert ("echo 'a token'", "") == (typed[1].script, typed[1].mismatch)


def test_capture_only(tmp_path: Path) -> None:
    """For steps that are done, only the commands that capture are typed."""
    player = LessonPlayer(helpers.make_local_cluster(tmp_path))
    player.rerun_captures([Command(NODE, "touch typed", 1), Command(NODE, "echo abc", 2, capture_name="TOKEN")])
    (typed,) = player.play_commands([Command(NODE, "ls; echo <TOKEN>", 3)])
    assert "abc\n" == typed.output


def test_placeholder_nobody_captured(tmp_path: Path) -> None:
    """What looks like a placeholder and is none stays as it is."""
    (typed,) = LessonPlayer(helpers.make_local_cluster(tmp_path)).play_commands([Command(NODE, "echo '<HTML>'", 1)])
    assert "<HTML>\n" == typed.output


@pytest.mark.parametrize(
    ("command", "complaint"),
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
def test_complaint(command: Command, complaint: str, tmp_path: Path) -> None:
    """A command that does not do what the lesson promises is complained of."""
    (typed,) = LessonPlayer(helpers.make_local_cluster(tmp_path)).play_commands([command])
    assert complaint == typed.mismatch


def test_stops(tmp_path: Path) -> None:
    """Nothing is typed after the first complaint, not even the same command on its next node."""
    player = LessonPlayer(helpers.make_local_cluster(tmp_path, "node1", "node2"))
    played = list(
        player.play_commands([Command(("node1", "node2"), "touch here; false", 1), Command(NODE, "touch there", 2)])
    )
    assert ["node1"] == [typed.node for typed in played]
    assert [Path("node1/root/here")] == [path.relative_to(tmp_path / "disks") for path in tmp_path.rglob("*here")]


def test_retry(tmp_path: Path) -> None:
    """A command that may be retried is typed again until it does what is promised."""
    (typed,) = LessonPlayer(helpers.make_local_cluster(tmp_path)).play_commands(
        [Command(NODE, "echo x >>tries; test $(wc -l <tries) = 2", 1, retry_seconds=5)]
    )
    assert ("", "x\nx\n") == (typed.mismatch, (tmp_path / "disks/node1/root/tries").read_text())


def test_retry_ends(tmp_path: Path) -> None:
    """A retry lasts as long as the lesson says and then complains."""
    began = time.monotonic()
    (typed,) = LessonPlayer(helpers.make_local_cluster(tmp_path)).play_commands(
        [Command(NODE, "echo x >>tries; false", 1, retry_seconds=0.8)]
    )
    assert 0.8 <= time.monotonic() - began < 3
    assert ("it exited with 1, not with 0", 3) == (
        typed.mismatch,
        len((tmp_path / "disks/node1/root/tries").read_text().splitlines()),
    )


def test_own_timeout(tmp_path: Path) -> None:
    """A command that sets a limit of its own and passes it is told by its exit status."""
    (typed,) = LessonPlayer(helpers.make_local_cluster(tmp_path)).play_commands([Command(NODE, "timeout 0.1 sleep 60", 1)])
    assert "it exited with 124, not with 0" == typed.mismatch


def test_stuck(tmp_path: Path) -> None:
    """A command that does not end is ended, and complained of as that."""
    (typed,) = LessonPlayer(helpers.make_local_cluster(tmp_path), ShellScriptRunner(0.2)).play_commands(
        [Command(NODE, "sleep 60", 1)]
    )
    assert "it did not end within 0.2 s" == typed.mismatch


@pytest.mark.parametrize("verb", ["play_commands", "rerun_captures"])
def test_node_of_a_later_lesson(verb: str, tmp_path: Path) -> None:
    """A node that came into the lesson after the cluster was made is told, with what makes it."""
    player = LessonPlayer(helpers.make_local_cluster(tmp_path))
    with pytest.raises(HostError, match="has no node node2") as caught:
        list(getattr(player, verb)([Command(("node2",), "hostname", 1, capture_name="NAME")]) or ())
    assert "labs reset" in caught.value.advice
