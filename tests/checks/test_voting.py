"""What the logs of the voting app tell."""

from __future__ import annotations

import pytest

from checks.voting import Said, waited


def by_vote(*told: str) -> list[Said]:
    """Return what `vote` logs as it receives votes, each given as 'TIME VOTER'."""
    words = (one.split() for one in told)
    return [Said(at, f"Received vote for Cats from {voter}") for at, voter in words]


def by_worker(*told: str) -> list[Said]:
    """Return what `worker` logs: that it has come, given as 'TIME', or that it takes a vote, given as 'TIME VOTER'."""
    lines = []
    for one in told:
        at, _, voter = one.partition(" ")
        lines.append(Said(at, f"Processing vote for 'a' by '{voter}'" if voter else "Connected to redis and db"))
    return lines


@pytest.mark.parametrize(
    ("found", "votes", "work"),
    [
        (["ann"], ["2 ann"], ["3", "4 ann"]),
        ([], ["2 ann"], ["1", "3 ann"]),
        ([], ["2 ann"], ["3", "4 bob"]),
        (["bob"], ["2 ann", "4 bob"], ["1", "3 ann", "5", "6 bob"]),
        (["ann"], ["2 ann", "4 ann"], ["1", "3 ann", "5", "6 ann"]),
        ([], ["2 ann"], ["1", "3 ann", "4", "5 ann"]),
        (["bob", "ann"], ["2 ann", "3 bob"], ["4", "5 bob", "6 ann"]),
    ],
)
def test_waited(found: list[str], votes: list[str], work: list[str]) -> None:
    """A vote has waited if a worker came after it was cast and before it was taken."""
    assert found == waited(by_vote(*votes), by_worker(*work))
