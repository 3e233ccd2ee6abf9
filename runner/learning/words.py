"""Short words after a pass; the same step always gets the same ones."""

from __future__ import annotations

from runner.lessons.model import Lesson, Step

_AFTER_PASS = ("Well done.", "That stands.", "Nicely done.", "Good work.", "Just so.")


def after_pass(lesson: Lesson, step: Step) -> str:
    """Return what to say when a step passes for the first time."""
    return _AFTER_PASS[lesson.steps.index(step) % len(_AFTER_PASS)]


def after_all(lesson: Lesson) -> str:
    """Return what to say when the last step passes."""
    return f"You have been all the way through '{lesson.title}'. Well done!"
