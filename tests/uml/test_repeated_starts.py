"""Several rounds of start and removal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import LabsRunner
from tests.uml.vm_leftovers import UmlLeftovers

pytestmark = pytest.mark.usefixtures("clean")
# Twenty rounds, run by hand, left nothing either; five keep the test short.
ROUNDS = 5
_MEGABYTE = 1 << 20


def _measure_disk_usage(state: Path) -> int:
    """Return how many bytes a folder uses on the disk."""
    return sum(512 * path.lstat().st_blocks for path in state.rglob("*"))


def test_rounds_leave_nothing(labs: LabsRunner, leftovers: UmlLeftovers, environment: dict[str, str]) -> None:
    """Starts and removals leave no process, mount, namespace, socket, and less than a megabyte on the disk."""
    state = Path(environment["XDG_STATE_HOME"])
    namespaces: set[str] = set()
    for _ in range(ROUNDS):
        started = labs("start", "solo", "--driver", "uml")
        assert 0 == started.returncode, started.stderr
        namespaces |= leftovers.list_namespaces()
        assert _measure_disk_usage(state) > _MEGABYTE
        assert 0 == labs("rm", "solo").returncode
        assert [] == leftovers.list_all()
    assert 3 <= len(namespaces)
    assert _measure_disk_usage(state) < _MEGABYTE
