"""The tasks of a swarm as checks read them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from checks.swarm import Task


@pytest.mark.parametrize(
    ("state", "error", "killed"),
    [
        ("failed", "task: non-zero exit (137)", True),
        ("failed", "task: non-zero exit (137): dockerexec: unhealthy container", True),
        ("failed", "task: non-zero exit (255)", False),
        ("failed", "No such container: db.1.t66x9e52mymicspkj77ta4wbb", False),
        ("complete", "", False),
        ("shutdown", "task: non-zero exit (137)", False),
    ],
)
def test_was_killed(state: str, error: str, *, killed: bool) -> None:
    """A task was killed if its container failed, and not if a restarted engine only lost it."""
    task = Task("id", 1, "node", "shutdown", state, error, "", 0, datetime.now(UTC), {})
    assert killed == task.was_killed
