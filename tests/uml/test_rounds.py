"""Many rounds of start and removal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import LabsRunner
from tests.uml.leftovers import Left

pytestmark = pytest.mark.usefixtures("clean")
# Twenty by hand have left nothing either; these keep the time short.
ROUNDS = 5
_MEGABYTE = 1 << 20


def _held(state: Path) -> int:
    """Return how many bytes the project has on the disk."""
    return sum(512 * path.lstat().st_blocks for path in state.rglob("*"))


def test_rounds_leave_nothing(labs: LabsRunner, left: Left, environment: dict[str, str]) -> None:
    """Starts and removals leave no process, mount, namespace, socket or megabyte behind."""
    state = Path(environment["XDG_STATE_HOME"])
    namespaces: set[str] = set()
    for _ in range(ROUNDS):
        started = labs("start", "solo", "--driver", "uml")
        assert 0 == started.returncode, started.stderr
        namespaces |= left.namespaces()
        assert _held(state) > _MEGABYTE
        assert 0 == labs("rm", "solo").returncode
        assert [] == left.everything()
    assert 3 <= len(namespaces)
    assert _held(state) < _MEGABYTE
