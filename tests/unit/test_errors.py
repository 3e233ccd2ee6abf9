"""Errors: sent from one process to another, and with suggestions for names that do not exist."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from runner.errors import ExitCode, HostError, LabsError, create_unknown_name_error
from runner.grading.executor import ExecutorError
from runner.lessons.problems import BrokenLessonError, Problem

STEPS = ["create-swarm", "join-workers", "drain-node"]


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


@pytest.mark.parametrize(
    ("name", "known_names", "advice"),
    [
        ("join-worker", STEPS, "Did you mean join-workers?"),
        ("nod", ["node1", "node2"], "Did you mean node1 or node2?"),
        ("xyz", STEPS, "Choose from: create-swarm, join-workers, drain-node. 'labs show' lists them."),
        ("xyz", [], "'labs show' lists them."),
    ],
)
def test_unknown_name(name: str, known_names: list[str], advice: str) -> None:
    """The error suggests similar names, or lists all names if none is similar."""
    error = create_unknown_name_error("step", name, known_names, "labs show")
    assert (f"There is no step '{name}'.", advice) == (error.message, error.advice)
    assert ExitCode.USAGE is error.exit_code


def test_any_iterable() -> None:
    """The names may come from an iterator."""
    assert "Did you mean node1?" == create_unknown_name_error("node", "node", iter(["node1"]), "labs status").advice
