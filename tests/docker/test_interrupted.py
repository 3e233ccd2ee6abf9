"""Ctrl-C and SIGKILL during each step of a start."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import LabsRunner
from tests.docker.conftest import Leftovers, run_docker
from tests.interrupted_start import interrupt_start

pytestmark = pytest.mark.usefixtures("clean")
_START = ["trio"]


def _running(leftovers: Leftovers) -> int:
    return len(run_docker("ps", "--quiet", *leftovers.filter).split())


# When each step of a start has begun, as far as it shows: first the lock that a start takes, last the setup's log.
MOMENTS: dict[str, Callable[[Leftovers, Path], bool]] = {
    "looking at the host": lambda _leftovers, log: (log.parents[2] / "locks" / "trio.lock").exists(),
    "making the network": lambda leftovers, _log: bool(leftovers.list_networks()),
    "making the nodes": lambda leftovers, _log: bool(leftovers.list_containers()),
    "booting the nodes": lambda leftovers, _log: _running(leftovers) == 4,
    "setting the scene": lambda _leftovers, log: log.exists(),
}


# The same while a store is filled, which a project's first start does.
FILLING: dict[str, Callable[[Leftovers], bool]] = {
    "making the network": lambda leftovers: bool(leftovers.list_networks()),
    "making the hub": lambda leftovers: bool(leftovers.list_containers()),
    "handing the images over": lambda leftovers: _running(leftovers) == 1,
    "unpacking them": lambda leftovers: _running(leftovers) == 2,
}


@pytest.fixture
def log(environment: dict[str, str]) -> Path:
    """Return where the setup's output goes."""
    runs = Path(environment["XDG_STATE_HOME"]) / "labs" / environment["LABS_PROJECT"] / "runs"
    found = runs / "trio" / "setup.log"
    found.unlink(missing_ok=True)
    (runs.parent / "locks" / "trio.lock").unlink(missing_ok=True)
    return found


@pytest.mark.parametrize("moment", MOMENTS)
def test_ctrl_c_leaves_nothing(moment: str, environment: dict[str, str], leftovers: Leftovers, log: Path) -> None:
    """Ctrl-C during a start ends it with 130, and nothing of the cluster is left."""
    status = interrupt_start(lambda: MOMENTS[moment](leftovers, log), signal.SIGINT, _START, environment)
    if status == 0:
        pytest.skip("the start was done before the signal came")
    assert 130 == status
    assert [] == leftovers.list_all()


@pytest.mark.parametrize("moment", FILLING)
def test_ctrl_c_leaves_no_half_store(moment: str, environment: dict[str, str]) -> None:
    """Ctrl-C while the images are stored for the nodes ends the start with 130, and nothing of the store is left."""
    project = f"{environment['LABS_PROJECT']}-filling"
    leftovers = Leftovers(project)
    status = interrupt_start(
        lambda: FILLING[moment](leftovers), signal.SIGINT, _START, {**environment, "LABS_PROJECT": project}
    )
    assert 130 == status
    assert ([], "") == (leftovers.list_all(), run_docker("volume", "ls", "--quiet", *leftovers.filter))


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_start_is_no_obstacle(
    moment: str, labs: LabsRunner, environment: dict[str, str], leftovers: Leftovers, log: Path
) -> None:
    """After SIGKILL during a start, the next start works, and a removal leaves nothing."""
    interrupt_start(lambda: MOMENTS[moment](leftovers, log), signal.SIGKILL, _START, environment)
    again = labs("start", "trio")
    assert 0 == again.returncode, again.stderr
    assert 0 == labs("exec", "node3", "--", "docker", "info").returncode
    assert 0 == labs("rm", "trio").returncode
    assert [] == leftovers.list_all()


def test_remains_are_told_and_removed(
    labs: LabsRunner, environment: dict[str, str], leftovers: Leftovers, log: Path
) -> None:
    """Status names the remains of a killed start, and rm removes them."""
    interrupt_start(lambda: MOMENTS["booting the nodes"](leftovers, log), signal.SIGKILL, _START, environment)
    assert "its start was interrupted" in labs("status").stdout
    assert 4 == labs("check", "trio").returncode
    assert 0 == labs("rm", "trio").returncode
    assert [] == leftovers.list_all()


def test_a_second_command_is_refused_meanwhile(
    labs: LabsRunner, environment: dict[str, str], leftovers: Leftovers, log: Path
) -> None:
    """While one command starts a lab, another one that would change it is refused with advice."""
    process = subprocess.Popen(
        [sys.executable, "-m", "runner", "start", "trio"], env=environment, stderr=subprocess.DEVNULL
    )
    while not MOMENTS["making the network"](leftovers, log) and process.poll() is None:
        time.sleep(0.01)
    refused = labs("rm", "trio")
    assert 0 == process.wait(60)
    assert 4 == refused.returncode
    assert "Wait for it to end" in refused.stderr
