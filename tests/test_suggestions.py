"""Suggestions for names that do not exist."""

from __future__ import annotations

import pytest

from runner.errors import ExitCode, create_unknown_name_error

STEPS = ["create-swarm", "join-workers", "drain-node"]


@pytest.mark.parametrize(
    ("name", "known_names", "advice"),
    [
        ("join-worker", STEPS, "Did you mean join-workers?"),
        ("nod", ["node1", "node2"], "Did you mean node2 or node1?"),
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
