"""Short words after a pass; the same step always gets the same ones."""

from __future__ import annotations

from runner.lessons.model import Lesson, Step

_AFTER_PASS = (
    "Well done: {what}.",
    "{what}: done, and nicely.",
    "That stands: {what}.",
    "Good work: {what}.",
    "{what}: just as it should be.",
)


def format_step_passed(lesson: Lesson, step: Step, others: int = 0) -> str:
    """Return what to say when a step passes that was not done before.

    Args:
        lesson: The lesson.
        step: The step; the last one, if several pass at once.
        others: How many others pass with it.

    """
    what = f"'{step.title}'" + (f" and {others} more" if others else "")
    return _AFTER_PASS[lesson.steps.index(step) % len(_AFTER_PASS)].format(what=what)


def format_lab_completed(lesson: Lesson) -> str:
    """Return what to say when the last step passes."""
    return f"You have come all the way through '{lesson.title}'. Well done!"
