"""Progress as data: passed steps and the current step."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runner.lessons.model import Lesson
from runner.progress.model import Progress, StepCompletion, StepRecord
from tests.support import helpers

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
NOTHING = Progress("tiny")


@pytest.fixture
def lesson(tmp_path: Path) -> Lesson:
    """Return a lesson of three steps."""
    return helpers.make_lab(
        tmp_path, f"{helpers.FRONT_MATTER}## Look {{#look}}\n## Find {{#find}}\n## Keep {{#keep}}\n"
    ).lesson


def test_empty_progress(lesson: Lesson) -> None:
    """Empty progress has no passed steps and starts at the first step."""
    assert (0, 0, lesson.steps[0], lesson.steps[0]) == (
        NOTHING.count_passed_steps(lesson),
        NOTHING.count_played_unpassed_steps(lesson),
        NOTHING.find_first_step_incomplete_on_cluster(lesson),
        NOTHING.find_first_step_never_passed(lesson),
    )
    assert StepRecord() == NOTHING.find_step_record("look")


def test_passed(lesson: Lesson) -> None:
    """A passed step counts, has a time, and makes the next step the current one."""
    progress = NOTHING.with_steps_passed(["look"], NOON)
    assert (1, lesson.steps[1], NOON) == (
        progress.count_passed_steps(lesson),
        progress.find_first_step_incomplete_on_cluster(lesson),
        progress.find_step_record("look").passed_at,
    )


def test_first_time_stays(lesson: Lesson) -> None:
    """A step keeps the time of its first pass."""
    progress = NOTHING.with_steps_passed(["look"], NOON).with_steps_passed(["look", "find"], LATER)
    assert [NOON, LATER] == [progress.find_step_record(step).passed_at for step in ("look", "find")]


def test_all_passed(lesson: Lesson) -> None:
    """When every step is passed there is no current step."""
    progress = NOTHING.with_steps_passed(["look", "find", "keep"], NOON)
    assert (3, None, None) == (
        progress.count_passed_steps(lesson),
        progress.find_first_step_incomplete_on_cluster(lesson),
        progress.find_first_step_never_passed(lesson),
    )


def test_out_of_order(lesson: Lesson) -> None:
    """Passing a later step does not move the learner past an earlier one that is not passed."""
    assert lesson.steps[0] is NOTHING.with_steps_passed(["find"], NOON).find_first_step_incomplete_on_cluster(lesson)


def test_replayed(lesson: Lesson) -> None:
    """A replayed step is completed on the cluster but never counts as passed, even if its checks pass later."""
    progress = NOTHING.with_steps_played(["look"]).with_steps_passed(["look", "find"], NOON)
    assert (1, 1, lesson.steps[2], lesson.steps[0]) == (
        progress.count_passed_steps(lesson),
        progress.count_played_unpassed_steps(lesson),
        progress.find_first_step_incomplete_on_cluster(lesson),
        progress.find_first_step_never_passed(lesson),
    )


def test_replayed_after_pass(lesson: Lesson) -> None:
    """Replaying a passed step does not change its record."""
    progress = NOTHING.with_steps_passed(["look"], NOON).with_steps_played(["look"])
    assert (1, 0, StepCompletion.PASSED) == (
        progress.count_passed_steps(lesson),
        progress.count_played_unpassed_steps(lesson),
        progress.completed_on_cluster["look"],
    )


def test_spoiled() -> None:
    """Showing a solution before the pass is recorded once, and passing keeps that record."""
    progress = (
        NOTHING.with_solution_shown("look", NOON).with_solution_shown("look", LATER).with_steps_passed(["look"], LATER)
    )
    assert StepRecord(passed_at=LATER, spoiled_at=NOON) == progress.find_step_record("look")


def test_not_spoiled() -> None:
    """Showing a solution after the pass does not spoil the step."""
    assert (
        None
        is NOTHING.with_steps_passed(["look"], NOON)
        .with_solution_shown("look", LATER)
        .find_step_record("look")
        .spoiled_at
    )


def test_hints() -> None:
    """Shown hints are recorded per step."""
    progress = NOTHING.with_hint_shown("look", "a").with_hint_shown("look", "b").with_hint_shown("find", "a")
    assert [{"a", "b"}, {"a"}] == [progress.find_step_record(step).shown_hints for step in ("look", "find")]


def test_changed_lesson(lesson: Lesson) -> None:
    """Steps that were removed from the lesson do not count; new steps still have to be completed."""
    progress = NOTHING.with_steps_passed(["look", "gone", "keep"], NOON)
    assert (2, lesson.steps[1]) == (
        progress.count_passed_steps(lesson),
        progress.find_first_step_incomplete_on_cluster(lesson),
    )
