"""Tells from what checks found how far a cluster is in its lesson."""

from __future__ import annotations

from runner.checking.results import Outcome, CheckReport
from runner.lessons.model import Lesson


def find_passed_steps(lesson: Lesson, report: CheckReport, *, all_checks_ran: bool = True) -> tuple[str, ...]:
    """Return the ids of the steps that pass, in lesson order.

    A step of mere reading has no checks; it counts with the one after it, or in the end with all others.

    Args:
        lesson: The lesson.
        report: What its checks found.
        whole: Whether all checks ran; otherwise a step without results may have checks that did not run.

    """
    passing = {step.id for step in lesson.steps if _passes(report, step.id)}
    if not all_checks_ran:
        return tuple(step.id for step in lesson.steps if step.id in passing)
    found: list[str] = []
    unchecked: list[str] = []
    for step in lesson.steps:
        if not report.results_for_step(step.id):
            unchecked.append(step.id)
            continue
        if step.id in passing:
            found += [*unchecked, step.id]
        unchecked = []
    everything = bool(report.results) and report.count_outcome(Outcome.PASSED) == len(report.results)
    return (*found, *(unchecked if everything else ()))


def count_completed_steps(lesson: Lesson, report: CheckReport) -> int:
    """Return how many steps from the first on are done, with none missing between them.

    Args:
        lesson: The lesson.
        report: What all its checks found.

    """
    steps = find_passed_steps(lesson, report)
    return next((number for number, step in enumerate(lesson.steps) if step.id not in steps), len(lesson.steps))


def _passes(report: CheckReport, step_id: str) -> bool:
    results = report.results_for_step(step_id)
    return bool(results) and all(result.outcome is Outcome.PASSED for result in results)
