"""Short words after a pass; the same step always gets the same ones."""

from __future__ import annotations

from collections.abc import Sequence

from runner.lessons.model import Lesson, Step

_AFTER_PASS = (
    "Well done: {what}.",
    "{what}: done, and nicely.",
    "That stands: {what}.",
    "Good work: {what}.",
    "{what}: just as it should be.",
)


def after_pass(lesson: Lesson, steps: Sequence[Step]) -> str:
    """Return what to say when steps, in lesson order, pass that were not done before."""
    last = steps[-1]
    more = f" and {len(steps) - 1} more" if len(steps) > 1 else ""
    return _AFTER_PASS[lesson.steps.index(last) % len(_AFTER_PASS)].format(what=f"'{last.title}'{more}")


def after_all(lesson: Lesson) -> str:
    """Return what to say when the last step passes."""
    return f"You have come all the way through '{lesson.title}'. Well done!"
