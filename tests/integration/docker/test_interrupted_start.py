"""Ctrl-C and SIGKILL during each step of a start."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.docker_leftovers import Leftovers, run_docker
from tests.support.interrupted_start import interrupt_start
from tests.support.labs_command import LabsRunner

pytestmark = pytest.mark.usefixtures("clean")
_START = ["trio"]


def _count_running_containers(leftovers: Leftovers) -> int:
    return len(run_docker("ps", "--quiet", *leftovers.filter).split())


# How to see that each phase of a start has begun: from the lock that a start takes to the log of setup.sh.
MOMENTS: dict[str, Callable[[Leftovers, Path], bool]] = {
    "checking the host": lambda _leftovers, log: (log.parents[2] / "locks" / "trio.lock").exists(),
    "creating the network": lambda leftovers, _log: bool(leftovers.list_networks()),
    "creating the nodes": lambda leftovers, _log: bool(leftovers.list_containers()),
    "booting the nodes": lambda leftovers, _log: _count_running_containers(leftovers) == 4,
    "running setup.sh": lambda _leftovers, log: log.exists(),
}


# The same while the layer cache is built, which the first start of a project does.
CACHE_MOMENTS: dict[str, Callable[[Leftovers], bool]] = {
    "creating the network": lambda leftovers: bool(leftovers.list_networks()),
    "starting the mirror": lambda leftovers: bool(leftovers.list_containers()),
    "pushing the images": lambda leftovers: _count_running_containers(leftovers) == 1,
    "unpacking the images": lambda leftovers: _count_running_containers(leftovers) == 2,
}


@pytest.fixture
def log(environment: dict[str, str]) -> Path:
    """Return the path of the log of setup.sh."""
    runs = Path(environment["XDG_STATE_HOME"]) / "labs" / environment["LABS_PROJECT"] / "runs"
    path = runs / "trio" / "setup.log"
    path.unlink(missing_ok=True)
    (runs.parent / "locks" / "trio.lock").unlink(missing_ok=True)
    return path


@pytest.mark.parametrize("moment", MOMENTS)
def test_ctrl_c_leaves_nothing(moment: str, environment: dict[str, str], leftovers: Leftovers, log: Path) -> None:
    """After Ctrl-C a start exits with 130 and leaves nothing of the cluster."""
    status = interrupt_start(lambda: MOMENTS[moment](leftovers, log), signal.SIGINT, _START, environment)
    if status == 0:
        pytest.skip("the start was done before the signal came")
    assert 130 == status
    assert [] == leftovers.list_all()


@pytest.mark.parametrize("moment", CACHE_MOMENTS)
def test_ctrl_c_leaves_no_incomplete_layer_cache(moment: str, environment: dict[str, str]) -> None:
    """After Ctrl-C during the build of the layer cache, start exits with 130 and leaves nothing of the cache."""
    project = f"{environment['LABS_PROJECT']}-cache"
    leftovers = Leftovers(project)
    status = interrupt_start(
        lambda: CACHE_MOMENTS[moment](leftovers), signal.SIGINT, _START, {**environment, "LABS_PROJECT": project}
    )
    assert 130 == status
    assert ([], "") == (leftovers.list_all(), run_docker("volume", "ls", "--quiet", *leftovers.filter))


@pytest.mark.parametrize("moment", MOMENTS)
def test_start_after_a_killed_start(
    moment: str, labs: LabsRunner, environment: dict[str, str], leftovers: Leftovers, log: Path
) -> None:
    """After SIGKILL during a start, the next start works, and a removal leaves nothing."""
    interrupt_start(lambda: MOMENTS[moment](leftovers, log), signal.SIGKILL, _START, environment)
    again = labs("start", "trio")
    assert 0 == again.returncode, again.stderr
    assert 0 == labs("exec", "node3", "--", "docker", "info").returncode
    assert 0 == labs("rm", "trio").returncode
    assert [] == leftovers.list_all()


def test_leftovers_are_shown_and_removed(
    labs: LabsRunner, environment: dict[str, str], leftovers: Leftovers, log: Path
) -> None:
    """Status shows the leftovers of a killed start, and rm removes them."""
    interrupt_start(lambda: MOMENTS["booting the nodes"](leftovers, log), signal.SIGKILL, _START, environment)
    assert "its start was interrupted" in labs("status").stdout
    assert 4 == labs("check", "trio").returncode
    assert 0 == labs("rm", "trio").returncode
    assert [] == leftovers.list_all()


def test_concurrent_command_is_rejected(
    labs: LabsRunner, environment: dict[str, str], leftovers: Leftovers, log: Path
) -> None:
    """While one command starts a lab, another command that would change it fails with advice."""
    process = subprocess.Popen(
        [sys.executable, "-m", "runner", "start", "trio"], env=environment, stderr=subprocess.DEVNULL
    )
    while not MOMENTS["creating the network"](leftovers, log) and process.poll() is None:
        time.sleep(0.01)
    # On a busy host, the start could otherwise be over before the other command looks for it.
    process.send_signal(signal.SIGSTOP)
    refused = labs("rm", "trio")
    process.send_signal(signal.SIGCONT)
    assert 0 == process.wait(60)
    assert 4 == refused.returncode
    assert "Wait until it finishes" in refused.stderr
