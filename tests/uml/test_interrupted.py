"""Ctrl-C and SIGKILL during each step of a start."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import LabsRunner
from tests.interrupted_start import interrupt_start
from tests.uml.leftovers import Left

pytestmark = pytest.mark.usefixtures("clean")
_START = ["solo", "--driver", "uml"]

# When each step of a start has begun, as far as the project's folder shows it.
MOMENTS: dict[str, Callable[[Path], bool]] = {
    "looking at the host": lambda state: (state / "locks" / "solo.lock").exists(),
    "making the machines": lambda state: (state / "machines" / "solo").exists(),
    "launching the supervisor": lambda state: (state / "machines" / "solo" / "supervisor.sock").exists(),
    "booting": lambda state: (state / "machines" / "solo" / "node1.log").exists(),
    "waiting for the engine": lambda state: "failed to load plugin" in _said(state),
    "setting the scene": lambda state: (state / "runs" / "solo" / "setup.log").exists(),
}


def _said(state: Path) -> str:
    log = state / "machines" / "solo" / "node1.log"
    return log.read_text("utf-8", "replace") if log.exists() else ""


@pytest.fixture
def state(environment: dict[str, str]) -> Path:
    """Return the project's folder, without what an earlier start has left as it should."""
    found = Path(environment["XDG_STATE_HOME"]) / "labs" / environment["LABS_PROJECT"]
    for path in ("locks/solo.lock", "runs/solo/setup.log"):
        (found / path).unlink(missing_ok=True)
    return found


@pytest.mark.parametrize("moment", MOMENTS)
def test_ctrl_c_leaves_nothing(moment: str, environment: dict[str, str], left: Left, state: Path) -> None:
    """Ctrl-C during a start ends it with 130, and nothing of the cluster is left."""
    status = interrupt_start(lambda: MOMENTS[moment](state), signal.SIGINT, _START, environment)
    if status == 0:
        pytest.skip("the start was done before the signal came")
    assert 130 == status
    assert [] == left.everything()


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_start_is_no_obstacle(
    moment: str, labs: LabsRunner, environment: dict[str, str], left: Left, state: Path
) -> None:
    """After SIGKILL during a start, the next start works, and a removal leaves nothing."""
    interrupt_start(lambda: MOMENTS[moment](state), signal.SIGKILL, _START, environment)
    again = labs("start", "solo", "--driver", "uml")
    assert 0 == again.returncode, again.stderr
    assert 0 == labs("exec", "node1", "--", "docker", "info").returncode
    assert 0 == labs("rm", "--all").returncode
    assert [] == left.everything()


def test_remains_are_told_and_removed(labs: LabsRunner, environment: dict[str, str], left: Left, state: Path) -> None:
    """Status names the remains of a killed start, and rm removes them."""
    interrupt_start(lambda: MOMENTS["waiting for the engine"](state), signal.SIGKILL, _START, environment)
    assert "its start was interrupted" in labs("status").stdout
    refused = labs("check", "solo")
    assert (4, True) == (refused.returncode, "The start of 'solo' was interrupted." in refused.stderr)
    assert 0 == labs("rm", "solo").returncode
    assert [] == left.everything()
