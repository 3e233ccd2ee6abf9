"""Decide from check results which steps of a lesson are completed."""

from __future__ import annotations

from runner.checking.results import CheckReport, Outcome
from runner.lessons.model import Lesson


def find_passed_step_ids(lesson: Lesson, report: CheckReport, *, all_checks_ran: bool = True) -> tuple[str, ...]:
    """Return the ids of the steps that pass, in lesson order.

    A reading step has no checks. It passes when the next step with checks passes. At the end of the lesson, it passes
    when all checks pass.

    Args:
        lesson: The lesson.
        report: The results of its checks.
        all_checks_ran: Whether all checks ran. Otherwise a step without results may have checks that did not run.

    """
    passing = {step.id for step in lesson.steps if _is_passed(report, step.id)}
    if not all_checks_ran:
        return tuple(step.id for step in lesson.steps if step.id in passing)
    passed: list[str] = []
    unchecked: list[str] = []
    for step in lesson.steps:
        if not report.list_step_results(step.id):
            unchecked.append(step.id)
            continue
        if step.id in passing:
            passed += [*unchecked, step.id]
        unchecked = []
    all_passed = bool(report.results) and report.count_outcome(Outcome.PASSED) == len(report.results)
    return (*passed, *(unchecked if all_passed else ()))


def count_leading_passed_steps(lesson: Lesson, report: CheckReport) -> int:
    """Return the number of completed steps from the start of the lesson up to the first one that is not completed.

    Args:
        lesson: The lesson.
        report: The results of all its checks.

    """
    passed = find_passed_step_ids(lesson, report)
    return next((index for index, step in enumerate(lesson.steps) if step.id not in passed), len(lesson.steps))


def _is_passed(report: CheckReport, step_id: str) -> bool:
    results = report.list_step_results(step_id)
    return bool(results) and all(result.outcome is Outcome.PASSED for result in results)
