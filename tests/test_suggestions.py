"""What a user probably meant."""

from __future__ import annotations

import pytest

from runner.errors import ExitCode, unknown_name_error

STEPS = ["create-swarm", "join-workers", "drain-node"]


@pytest.mark.parametrize(
    ("word", "known", "advice"),
    [
        ("join-worker", STEPS, "Did you mean join-workers?"),
        ("nod", ["node1", "node2"], "Did you mean node2 or node1?"),
        ("xyz", STEPS, "There are: create-swarm, join-workers, drain-node. 'labs show' lists them."),
        ("xyz", [], "'labs show' lists them."),
    ],
)
def test_unknown(word: str, known: list[str], advice: str) -> None:
    """The nearest names are offered, or all where none is near."""
    error = unknown_name_error("step", word, known, "labs show")
    assert (f"There is no step '{word}'.", advice) == (error.message, error.advice)
    assert ExitCode.USAGE is error.exit_code


def test_any_iterable() -> None:
    """The names may come from anything that yields them once."""
    assert "Did you mean node1?" == unknown_name_error("node", "node", iter(["node1"]), "labs status").advice
