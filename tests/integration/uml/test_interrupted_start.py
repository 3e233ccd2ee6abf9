"""`labs start`, interrupted by Ctrl-C or SIGKILL during each of its steps."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.interrupted_start import interrupt_start
from tests.support.labs_command import LabsRunner
from tests.support.vm_leftovers import UmlLeftovers

pytestmark = pytest.mark.usefixtures("uml_clean")
_START = ["solo", "--driver", "uml"]

# How the project's folder shows that a step of a start has begun.
MOMENTS: dict[str, Callable[[Path], bool]] = {
    "checking the host": lambda state: (state / "locks" / "solo.lock").exists(),
    "creating the VMs": lambda state: (state / "machines" / "solo").exists(),
    "starting the supervisor": lambda state: (state / "machines" / "solo" / "supervisor.sock").exists(),
    "booting": lambda state: (state / "machines" / "solo" / "node1.log").exists(),
    "waiting for the engine": lambda state: "failed to load plugin" in _read_console(state),
    "running setup.sh": lambda state: (state / "runs" / "solo" / "setup.log").exists(),
}


def _read_console(state: Path) -> str:
    log = state / "machines" / "solo" / "node1.log"
    return log.read_text("utf-8", "replace") if log.exists() else ""


@pytest.fixture
def state(uml_environment: dict[str, str]) -> Path:
    """Return the project's folder, without the lock and the log of an earlier start."""
    folder = Path(uml_environment["XDG_STATE_HOME"]) / "labs" / uml_environment["LABS_PROJECT"]
    for path in ("locks/solo.lock", "runs/solo/setup.log"):
        (folder / path).unlink(missing_ok=True)
    return folder


@pytest.mark.parametrize("moment", MOMENTS)
def test_ctrl_c(moment: str, uml_environment: dict[str, str], uml_leftovers: UmlLeftovers, state: Path) -> None:
    """After Ctrl-C `labs start` exits with 130, and nothing of the cluster is left."""
    status = interrupt_start(lambda: MOMENTS[moment](state), signal.SIGINT, _START, uml_environment)
    if status == 0:
        pytest.skip("the start was complete before the signal")
    assert 130 == status
    assert [] == uml_leftovers.list_all()


@pytest.mark.parametrize("moment", MOMENTS)
def test_start_after_killed_start(
    moment: str, uml_labs: LabsRunner, uml_environment: dict[str, str], uml_leftovers: UmlLeftovers, state: Path
) -> None:
    """After a start was killed the next start works, and `labs rm` leaves nothing."""
    interrupt_start(lambda: MOMENTS[moment](state), signal.SIGKILL, _START, uml_environment)
    again = uml_labs("start", "solo", "--driver", "uml")
    assert 0 == again.returncode, again.stderr
    assert 0 == uml_labs("exec", "node1", "--", "docker", "info").returncode
    assert 0 == uml_labs("rm", "--all").returncode
    assert [] == uml_leftovers.list_all()


def test_status_and_removal_of_leftovers(
    uml_labs: LabsRunner, uml_environment: dict[str, str], uml_leftovers: UmlLeftovers, state: Path
) -> None:
    """`labs status` shows the leftovers of a killed start, and `labs rm` removes them."""
    interrupt_start(lambda: MOMENTS["waiting for the engine"](state), signal.SIGKILL, _START, uml_environment)
    assert "its start was interrupted" in uml_labs("status").stdout
    refused = uml_labs("check", "solo")
    assert (4, True) == (refused.returncode, "'solo' is incomplete: its start was interrupted" in refused.stderr)
    assert 0 == uml_labs("rm", "solo").returncode
    assert [] == uml_leftovers.list_all()
