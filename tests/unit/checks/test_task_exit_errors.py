"""The tasks of a swarm as checks read them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from checks.swarm import Task


@pytest.mark.parametrize(
    ("state", "error", "has_exited"),
    [
        ("failed", "task: non-zero exit (137)", True),
        ("failed", "task: non-zero exit (137): dockerexec: unhealthy container", True),
        ("failed", "task: non-zero exit (255)", False),
        ("failed", "No such container: db.1.t66x9e52mymicspkj77ta4wbb", False),
        ("complete", "", False),
        ("shutdown", "task: non-zero exit (137)", False),
    ],
)
def test_has_exited_with_error(state: str, error: str, *, has_exited: bool) -> None:
    """A task has exited with an error if its container failed, but not if a restarted engine only lost it."""
    task = Task("id", 1, "node", "shutdown", state, error, "", 0, datetime.now(UTC), {})
    assert has_exited == task.has_exited_with_error
