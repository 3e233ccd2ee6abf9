"""Errors that travel from one process to another."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from runner.errors import HostError, LabsError
from runner.grading.executor import UnfitPlaceError
from runner.lessons.problems import BrokenLessonError, Problem


@pytest.mark.parametrize(
    "error",
    [
        HostError("It is so.", "Type this.", "a log"),
        UnfitPlaceError("It is so.", "Type this."),
        BrokenLessonError("tiny", [Problem(Path("lesson.md"), 3, "it is wrong")]),
    ],
    ids=lambda error: type(error).__name__,
)
def test_pickled(error: LabsError) -> None:
    """An error that was pickled, as on its way from another machine, says what it said."""
    found = pickle.loads(pickle.dumps(error))
    assert (type(error), error.message, error.advice, error.log) == (
        type(found),
        found.message,
        found.advice,
        found.log,
    )
