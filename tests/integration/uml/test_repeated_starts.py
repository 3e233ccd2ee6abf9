"""Several rounds of start and removal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.labs_command import LabsRunner
from tests.support.vm_leftovers import UmlLeftovers

pytestmark = pytest.mark.usefixtures("uml_clean")
# Twenty rounds, run by hand, left nothing either; five keep the test short.
ROUNDS = 5
_MEGABYTE = 1 << 20


def _measure_disk_usage(state: Path) -> int:
    """Return how many bytes a folder uses on the disk."""
    return sum(512 * path.lstat().st_blocks for path in state.rglob("*"))


def test_rounds_leave_nothing(
    uml_labs: LabsRunner, uml_leftovers: UmlLeftovers, uml_environment: dict[str, str]
) -> None:
    """Starts and removals leave no process, mount, namespace, socket, and less than a megabyte on the disk."""
    state = Path(uml_environment["XDG_STATE_HOME"])
    namespaces: set[str] = set()
    for _ in range(ROUNDS):
        started = uml_labs("start", "solo", "--driver", "uml")
        assert 0 == started.returncode, started.stderr
        namespaces |= uml_leftovers.list_namespaces()
        assert _measure_disk_usage(state) > _MEGABYTE
        assert 0 == uml_labs("rm", "solo").returncode
        assert [] == uml_leftovers.list_all()
    assert 3 <= len(namespaces)
    assert _measure_disk_usage(state) < _MEGABYTE
