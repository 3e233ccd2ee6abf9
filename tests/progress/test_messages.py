"""What is said after a pass."""

from __future__ import annotations

from pathlib import Path

from runner.progress import messages
from tests.progress.test_completion import lesson


def test_after_pass(tmp_path: Path) -> None:
    """The words name the last step and count the others, and are the same each time but not for each step."""
    whole = lesson(tmp_path, "abc")
    assert "Well done: 'Step a'." == messages.format_step_passed(whole, whole.steps[0])
    said = [messages.format_step_passed(whole, step) for step in whole.steps]
    assert 3 == len({line.replace(step.title, "") for line, step in zip(said, whole.steps, strict=True)})
    assert "'Step c' and 2 more" in messages.format_step_passed(whole, whole.steps[2], 2)


def test_after_all(tmp_path: Path) -> None:
    """In the end they name the lab."""
    assert "You have come all the way through 'Tiny'. Well done!" == messages.format_lab_completed(
        lesson(tmp_path, "a")
    )
