"""Finds what has to be played to bring a cluster to the state just before a step."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from runner.checking.results import Outcome, CheckReport, CheckResult
from runner.lessons.model import Lesson, Step
from runner.progress import completion


@dataclass(frozen=True, slots=True)
class ReplayPlan:
    """How to get to a step.

    Attributes:
        done: The steps before it that are done.
        missing: The steps before it that are to be played, in this order.
        obstacle: Why playing them would not lead there, as a sentence; empty if it would.
        begun: Whether something of the step itself is done already.

    """

    completed: tuple[Step, ...]
    to_replay: tuple[Step, ...]
    blocker: str = ""
    is_target_begun: bool = False


def plan_from_fresh_cluster(lesson: Lesson, target: Step) -> ReplayPlan:
    """Return the way from fresh nodes."""
    return ReplayPlan((), lesson.steps[: lesson.steps.index(target)])


def plan_replay(lesson: Lesson, report: CheckReport, target: Step, reached: Container[str]) -> ReplayPlan:
    """Return the way from what stands now.

    Args:
        lesson: The lesson.
        report: What all its checks found.
        target: The step to get to.
        reached: The ids of the steps that were done on this cluster at some time.

    """
    at = lesson.steps.index(target)
    done = completion.count_completed_steps(lesson, report)
    # No check tells whether a step of mere reading was done.
    read = [step for step in lesson.steps[done:at] if step.id in reached and not report.results_for_step(step.id)]
    way = ReplayPlan((*lesson.steps[:done], *read), tuple(step for step in lesson.steps[done:at] if step not in read))
    if done > at:
        return ReplayPlan(lesson.steps[:at], (), f"The cluster is past '{target.title}': its checks pass already.")
    current = _next_checked(lesson, report, done)
    if current is None:
        return way
    results = report.results_for_step(current.id)
    passing = sum(result.outcome is Outcome.PASSED for result in results)
    if obstacle := _changed_since(lesson, current, reached):
        return ReplayPlan(way.completed, way.to_replay, obstacle)
    if current not in way.to_replay:
        return ReplayPlan(way.completed, way.to_replay, is_target_begun=bool(passing))
    if passing:
        begun = f"'{current.title}' is begun ({passing} of its {len(results)} checks pass)"
        return ReplayPlan(way.completed, way.to_replay, f"{begun}, and its commands cannot be typed over that.")
    return way


def find_blocking_error(lesson: Lesson, report: CheckReport, target: Step) -> CheckResult | None:
    """Return the result that keeps anybody from telling whether all before a step is done, if there is one."""
    current = _next_checked(lesson, report, completion.count_completed_steps(lesson, report))
    if current not in lesson.steps[: lesson.steps.index(target)]:
        return None
    results = report.results_for_step(current.id)
    return next((result for result in results if result.outcome is Outcome.ERROR), None)


def _next_checked(lesson: Lesson, report: CheckReport, done: int) -> Step | None:
    return next((step for step in lesson.steps[done:] if report.results_for_step(step.id)), None)


def _changed_since(lesson: Lesson, current: Step, reached: Container[str]) -> str:
    """Tell of the first step that was done on this cluster though it, or one before it, is not done now."""
    later = next((step for step in lesson.steps[lesson.steps.index(current) :] if step.id in reached), None)
    if later is None:
        return ""
    if later is current:
        return f"'{current.title}' was done on this cluster, and since then something has changed that it stood on."
    return f"'{later.title}' was done on this cluster already, though '{current.title}', which comes before it, is not."
