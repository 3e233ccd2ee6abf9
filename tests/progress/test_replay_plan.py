"""What must be played to get to a step."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.checking.results import Outcome
from runner.lessons.model import Lesson, Step
from runner.progress import replay_plan
from tests.progress.test_completion import lesson, report


def target(whole: Lesson, step_id: str) -> Step:
    """Return a step of a lesson."""
    found = whole.find_step(step_id)
    assert found is not None
    return found


def ids(steps: tuple[Step, ...]) -> str:
    """Return the letters of steps."""
    return "".join(step.id for step in steps)


def test_fresh(tmp_path: Path) -> None:
    """On fresh nodes all that comes before a step is missing."""
    whole = lesson(tmp_path, "abcd")
    assert ["", "abc"] == [
        ids(replay_plan.plan_from_fresh_cluster(whole, target(whole, one)).to_replay) for one in "ad"
    ]


@pytest.mark.parametrize(
    ("found", "to", "done", "missing", "begun"),
    [
        ("a:f b:s d:s", "a", "", "", False),
        ("a:f b:s d:s", "d", "", "abc", False),
        ("a:p b:f d:s", "d", "a", "bc", False),
        ("a:p b:f d:s", "b", "a", "", False),
        ("a:p b:pf d:s", "b", "a", "", True),
        ("a:p b:p d:f", "d", "ab", "c", False),
        ("a:p b:p d:fp", "d", "ab", "c", True),
        ("a:p b:p d:f", "c", "ab", "", False),
        ("a:p b:p d:p", "e", "abcd", "", False),
    ],
)
def test_free(found: str, to: str, done: str, missing: str, begun: bool, tmp_path: Path) -> None:
    """What is not done yet before the step is missing, and nothing else is played."""
    whole = lesson(tmp_path, "abcde")
    ahead = replay_plan.plan_replay(whole, report(f"{found} e:f"), target(whole, to), ())
    assert (done, missing, "") == (ids(ahead.completed), ids(ahead.to_replay), ahead.blocker)
    assert begun is ahead.is_target_begun


def test_reading_is_not_repeated(tmp_path: Path) -> None:
    """A step without checks is played once on a cluster, and not again."""
    whole = lesson(tmp_path, "abcd")
    ahead = replay_plan.plan_replay(whole, report("a:p b:p d:f"), target(whole, "d"), {"a", "b", "c"})
    assert ("abc", "") == (ids(ahead.completed), ids(ahead.to_replay))


@pytest.mark.parametrize(
    ("found", "to", "reached", "obstacle"),
    [
        ("a:p b:p c:f", "b", "", "The cluster is past 'Step b': its checks pass already."),
        ("a:p b:p c:f", "a", "ab", "The cluster is past 'Step a': its checks pass already."),
        (
            "a:p b:ppf c:s",
            "c",
            "a",
            "'Step b' is begun (2 of its 3 checks pass), and its commands cannot be typed over that.",
        ),
        (
            "a:p b:f c:s",
            "c",
            "ab",
            "'Step b' was done on this cluster, and since then something has changed that it stood on.",
        ),
        (
            "a:p b:f c:s",
            "b",
            "ac",
            "'Step c' was done on this cluster already, though 'Step b', which comes before it, is not.",
        ),
    ],
)
def test_obstacle(found: str, to: str, reached: str, obstacle: str, tmp_path: Path) -> None:
    """A cluster that is past the step, half through one before it, or off the way is told to be so."""
    whole = lesson(tmp_path, "abc")
    assert obstacle == replay_plan.plan_replay(whole, report(found), target(whole, to), {*reached}).blocker


def test_unknown(tmp_path: Path) -> None:
    """Where a step before could not be checked, nobody knows how far the cluster is; one after is of no matter."""
    whole = lesson(tmp_path, "abc")
    assert replay_plan.find_blocking_error(whole, report("a:p b:f c:s"), target(whole, "c")) is None
    assert replay_plan.find_blocking_error(whole, report("a:p b:e c:s"), target(whole, "b")) is None
    result = replay_plan.find_blocking_error(whole, report("a:p b:fe c:s"), target(whole, "c"))
    assert result is not None
    assert Outcome.ERROR is result.outcome
