"""Which driver serves, and how that is told."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.conftest import LabsRunner
from tests.helpers import NO_ENGINE
from tests.uml.leftovers import Left

pytestmark = pytest.mark.usefixtures("clean")


def test_uml_serves_where_there_is_no_engine(labs: LabsRunner) -> None:
    """With no engine the driver uml is chosen, and one line says so and why."""
    started = labs("start", "solo")
    assert 0 == started.returncode, started.stderr
    why = f"docker does not serve: No Docker Engine answers at {NO_ENGINE}"
    assert f"Driver uml: its machines need no Docker Engine; {why}." == started.stderr.splitlines()[0]
    assert "(driver uml)" in labs("status").stdout


def test_a_started_lab_stays_where_it_is(labs: LabsRunner) -> None:
    """A lab that stands on uml goes on there without being asked, and is refused another driver with what to type."""
    assert 0 == labs("start", "solo", "--driver", "uml").returncode
    assert 0 == labs("stop", "solo").returncode
    assert "Driver uml: the lab stands on it already." in labs("start", "solo").stderr
    refused = labs("start", "solo", "--driver", "docker")
    assert 4 == refused.returncode
    assert "'solo' stands on the driver uml, and cannot move to docker." in refused.stderr
    assert "labs rm solo" in refused.stderr


@pytest.fixture
def engine() -> dict[str, str]:
    """Return what leads to this machine's engine; skips where there is none, or one with IPVS."""
    own = {name: os.environ[name] for name in ("DOCKER_HOST",) if name in os.environ}
    probe = subprocess.run(["docker", "info"], capture_output=True, check=False) if _has_docker() else None
    if probe is None or probe.returncode:
        pytest.skip("no Docker Engine answers here")
    return own or {"DOCKER_HOST": ""}


def _has_docker() -> bool:
    return any(os.access(f"{folder}/docker", os.X_OK) for folder in os.environ["PATH"].split(os.pathsep))


def test_a_lab_that_needs_ipvs_gets_it(labs: LabsRunner, left: Left, engine: dict[str, str]) -> None:
    """A lab that needs IPVS starts on uml where the engine's kernel has none, and says why; its kernel has it."""
    started = labs("start", "meshed", env=engine)
    assert 0 == started.returncode, started.stderr
    chosen = started.stderr.splitlines()[0]
    try:
        if chosen.startswith("Driver docker:"):
            pytest.skip("the engine's kernel has IPVS")
        assert "Driver uml: its machines need no Docker Engine; docker does not serve: 'meshed' needs ipvs" in chosen
        assert 0 == labs("exec", "node1", "--", "grep", "-w", "ip_vs_rr", "/proc/modules", env=engine).returncode
    finally:
        labs("rm", "meshed", env=engine)


def test_doctor_shows_both_drivers(labs: LabsRunner) -> None:
    """Doctor shows both drivers' fitness with reasons, and is content where one can serve."""
    done = labs("doctor")
    assert 0 == done.returncode, done.stdout
    docker, uml = done.stdout.partition("driver uml")[::2]
    assert docker.startswith("driver docker\n")
    assert f"No Docker Engine answers at {NO_ENGINE}" in docker
    assert "kernel and disk with" in uml
    assert "✗" not in uml
