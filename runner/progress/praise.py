"""Short messages for a learner who completes a step or a lab; a step always gets the same message."""

from __future__ import annotations

from runner.lessons.model import Lesson, Step

_STEP_PASSED = (
    "Well done: {steps}.",
    "{steps}: done, and nicely.",
    "That works: {steps}.",
    "Good work: {steps}.",
    "{steps}: just as it should be.",
)


def format_step_praise(lesson: Lesson, step: Step, other_count: int = 0) -> str:
    """Return the message for a step that passes for the first time.

    Args:
        lesson: The lesson.
        step: The step; the last one if several pass at once.
        other_count: The number of other steps that pass at the same time.

    """
    steps = f"'{step.title}'" + (f" and {other_count} more" if other_count else "")
    return _STEP_PASSED[lesson.steps.index(step) % len(_STEP_PASSED)].format(steps=steps)


def format_lab_praise(lesson: Lesson) -> str:
    """Return the message for a learner who completes the last step."""
    return f"You have completed every step of '{lesson.title}'. Well done!"
