"""Planning which steps to replay so that the cluster reaches a step."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.checking.results import Outcome
from runner.lessons.model import Lesson, Step
from runner.progress import replay_plan
from tests.unit.progress.test_passed_steps import lesson, report


def find_target(parsed: Lesson, step_id: str) -> Step:
    """Return a step of a lesson."""
    step = parsed.find_step(step_id)
    assert step is not None
    return step


def join_ids(steps: tuple[Step, ...]) -> str:
    """Return the letters of steps."""
    return "".join(step.id for step in steps)


def test_fresh_cluster(tmp_path: Path) -> None:
    """On a fresh cluster, every step before the target is replayed."""
    parsed = lesson(tmp_path, "abcd")
    assert ["", "abc"] == [
        join_ids(replay_plan.plan_replay_on_fresh_cluster(parsed, find_target(parsed, step_id)).to_replay)
        for step_id in "ad"
    ]


@pytest.mark.parametrize(
    ("outcomes", "target", "completed", "replayed", "is_begun"),
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
def test_plan_replay(outcomes: str, target: str, completed: str, replayed: str, is_begun: bool, tmp_path: Path) -> None:
    """Only the incomplete steps before the target are replayed."""
    parsed = lesson(tmp_path, "abcde")
    plan = replay_plan.plan_replay_on_current_cluster(
        parsed, report(f"{outcomes} e:f"), find_target(parsed, target), ()
    )
    assert (completed, replayed, "") == (join_ids(plan.completed), join_ids(plan.to_replay), plan.blocker)
    assert is_begun is plan.is_target_begun


def test_reading_step_is_not_replayed_again(tmp_path: Path) -> None:
    """A step without checks that was replayed on this cluster is not replayed again."""
    parsed = lesson(tmp_path, "abcd")
    plan = replay_plan.plan_replay_on_current_cluster(
        parsed, report("a:p b:p d:f"), find_target(parsed, "d"), {"a", "b", "c"}
    )
    assert ("abc", "") == (join_ids(plan.completed), join_ids(plan.to_replay))


@pytest.mark.parametrize(
    ("outcomes", "target", "completed", "blocker"),
    [
        ("a:p b:p c:f", "b", "", "The cluster is already past 'Step b': the checks of this step pass."),
        ("a:p b:p c:f", "a", "ab", "The cluster is already past 'Step a': the checks of this step pass."),
        (
            "a:p b:ppf c:s",
            "c",
            "a",
            "'Step b' is partly done (2 of 3 checks pass), so it cannot be replayed.",
        ),
        (
            "a:p b:f c:s",
            "c",
            "ab",
            "'Step b' was completed on this cluster, but its checks no longer pass.",
        ),
        (
            "a:p b:f c:s",
            "b",
            "ac",
            "'Step c' was completed on this cluster, but 'Step b' before it was not.",
        ),
    ],
)
def test_blocker(outcomes: str, target: str, completed: str, blocker: str, tmp_path: Path) -> None:
    """A plan has a blocker if the cluster is past the target, partly through an earlier step, or has regressed."""
    parsed = lesson(tmp_path, "abc")
    assert (
        blocker
        == replay_plan.plan_replay_on_current_cluster(
            parsed, report(outcomes), find_target(parsed, target), {*completed}
        ).blocker
    )


def test_blocking_error(tmp_path: Path) -> None:
    """A check error in a step before the target blocks; an error in a later step does not."""
    parsed = lesson(tmp_path, "abc")
    assert replay_plan.find_blocking_check_error(parsed, report("a:p b:f c:s"), find_target(parsed, "c")) is None
    assert replay_plan.find_blocking_check_error(parsed, report("a:p b:e c:s"), find_target(parsed, "b")) is None
    result = replay_plan.find_blocking_check_error(parsed, report("a:p b:fe c:s"), find_target(parsed, "c"))
    assert result is not None
    assert Outcome.ERROR is result.outcome
