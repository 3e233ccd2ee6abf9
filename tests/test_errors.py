"""Errors that are sent from one process to another."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from runner.errors import HostError, LabsError
from runner.grading.executor import ExecutorError
from runner.lessons.problems import BrokenLessonError, Problem


@pytest.mark.parametrize(
    "error",
    [
        HostError("The disk is full.", "Free some space.", "a log"),
        ExecutorError("The disk is full.", "Free some space."),
        BrokenLessonError("tiny", [Problem(Path("lesson.md"), 3, "unknown key")]),
    ],
    ids=lambda error: type(error).__name__,
)
def test_pickled(error: LabsError) -> None:
    """An error keeps its message, advice and log when it is pickled, as for another host."""
    unpickled = pickle.loads(pickle.dumps(error))
    assert (type(error), error.message, error.advice, error.log) == (
        type(unpickled),
        unpickled.message,
        unpickled.advice,
        unpickled.log,
    )
