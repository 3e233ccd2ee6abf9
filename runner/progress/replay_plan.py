"""Plan which steps to replay so that a cluster reaches the state just before a step."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from runner.checking.results import CheckReport, CheckResult, Outcome
from runner.lessons.model import Lesson, Step
from runner.progress import passed_steps


@dataclass(frozen=True, slots=True)
class ReplayPlan:
    """The steps to replay before a target step.

    Attributes:
        completed: The steps before the target that are completed.
        to_replay: The steps before the target whose commands must run, in this order.
        blocker: A sentence that says why replaying cannot work on this cluster; empty if it can.
        is_target_begun: Whether some checks of the target itself already pass.

    """

    completed: tuple[Step, ...]
    to_replay: tuple[Step, ...]
    blocker: str = ""
    is_target_begun: bool = False


def plan_replay_on_fresh_cluster(lesson: Lesson, target: Step) -> ReplayPlan:
    """Return the plan for a fresh cluster: replay everything before the target."""
    return ReplayPlan((), lesson.steps[: lesson.steps.index(target)])


def plan_replay_on_current_cluster(
    lesson: Lesson, report: CheckReport, target: Step, completed_on_cluster: Container[str]
) -> ReplayPlan:
    """Return the plan for a cluster in its current state.

    Args:
        lesson: The lesson.
        report: The results of all its checks.
        target: The step to reach.
        completed_on_cluster: The ids of the steps that were completed on this cluster at any time.

    """
    target_index = lesson.steps.index(target)
    done_count = passed_steps.count_leading_passed_steps(lesson, report)
    if done_count > target_index:
        blocker = f"The cluster is already past '{target.title}': the checks of this step pass."
        return ReplayPlan(lesson.steps[:target_index], (), blocker)
    pending = lesson.steps[done_count:target_index]
    # No check shows whether a reading step is done.
    read = [step for step in pending if step.id in completed_on_cluster and not report.list_step_results(step.id)]
    completed = (*lesson.steps[:done_count], *read)
    to_replay = tuple(step for step in pending if step not in read)
    current = _find_next_checked_step(lesson, report, done_count)
    if current is None:
        return ReplayPlan(completed, to_replay)
    results = report.list_step_results(current.id)
    passing = sum(result.outcome is Outcome.PASSED for result in results)
    if blocker := _describe_regression(lesson, current, completed_on_cluster):
        return ReplayPlan(completed, to_replay, blocker)
    if current not in to_replay:
        return ReplayPlan(completed, to_replay, is_target_begun=bool(passing))
    if passing:
        blocker = (
            f"'{current.title}' is partly done ({passing} of {len(results)} checks pass), so it cannot be replayed."
        )
        return ReplayPlan(completed, to_replay, blocker)
    return ReplayPlan(completed, to_replay)


def find_blocking_check_error(lesson: Lesson, report: CheckReport, target: Step) -> CheckResult | None:
    """Return a check error that leaves open whether all steps before the target are done; None if there is none."""
    current = _find_next_checked_step(lesson, report, passed_steps.count_leading_passed_steps(lesson, report))
    if current not in lesson.steps[: lesson.steps.index(target)]:
        return None
    results = report.list_step_results(current.id)
    return next((result for result in results if result.outcome is Outcome.ERROR), None)


def _find_next_checked_step(lesson: Lesson, report: CheckReport, done_count: int) -> Step | None:
    return next((step for step in lesson.steps[done_count:] if report.list_step_results(step.id)), None)


def _describe_regression(lesson: Lesson, current: Step, completed_on_cluster: Container[str]) -> str:
    """Say whether the current or a later step was completed on this cluster before; empty if none was."""
    remaining = lesson.steps[lesson.steps.index(current) :]
    earlier_completed = next((step for step in remaining if step.id in completed_on_cluster), None)
    if earlier_completed is None:
        return ""
    if earlier_completed is current:
        return f"'{current.title}' was completed on this cluster, but its checks no longer pass."
    return f"'{earlier_completed.title}' was completed on this cluster, but '{current.title}' before it was not."
