"""Messages after a passed step."""

from __future__ import annotations

from pathlib import Path

from runner.progress import praise
from tests.unit.progress.test_passed_steps import lesson


def test_step_passed(tmp_path: Path) -> None:
    """A message names the last step and counts the others; it depends only on the step."""
    three_steps = lesson(tmp_path, "abc")
    assert "Well done: 'Step a'." == praise.format_step_praise(three_steps, three_steps.steps[0])
    messages_by_step = [praise.format_step_praise(three_steps, step) for step in three_steps.steps]
    assert 3 == len(
        {line.replace(step.title, "") for line, step in zip(messages_by_step, three_steps.steps, strict=True)}
    )
    assert "'Step c' and 2 more" in praise.format_step_praise(three_steps, three_steps.steps[2], 2)


def test_lab_completed(tmp_path: Path) -> None:
    """The message for a completed lab names the lab."""
    assert "You have completed every step of 'Tiny'. Well done!" == praise.format_lab_praise(lesson(tmp_path, "a"))
