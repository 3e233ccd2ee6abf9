"""Which driver is chosen, and which message says so."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.support.helpers import NO_ENGINE
from tests.support.labs_command import LabsRunner
from tests.support.vm_leftovers import UmlLeftovers

pytestmark = pytest.mark.usefixtures("uml_clean")


def test_uml_is_chosen_without_an_engine(uml_labs: LabsRunner) -> None:
    """Without a Docker Engine the driver uml is chosen, and one line says so and why."""
    started = uml_labs("start", "solo")
    assert 0 == started.returncode, started.stderr
    why = f"Driver docker cannot run it: No Docker Engine answers at {NO_ENGINE}"
    assert f"Driver uml: its VMs need no Docker Engine. {why}." == started.stderr.splitlines()[0]
    assert "(driver uml)" in uml_labs("status").stdout


def test_started_lab_keeps_its_driver(uml_labs: LabsRunner) -> None:
    """A lab that was started on uml resumes on it without an option; another driver is refused, with what to type."""
    assert 0 == uml_labs("start", "solo", "--driver", "uml").returncode
    assert 0 == uml_labs("stop", "solo").returncode
    assert "Driver uml: the lab's cluster runs on it." in uml_labs("start", "solo").stderr
    refused = uml_labs("start", "solo", "--driver", "docker")
    assert 4 == refused.returncode
    assert "'solo' runs on the driver uml and cannot move to docker." in refused.stderr
    assert "labs rm solo" in refused.stderr


@pytest.fixture
def engine() -> dict[str, str]:
    """Return the variables that select this host's engine; skip if there is none."""
    variables = {name: os.environ[name] for name in ("DOCKER_HOST",) if name in os.environ}
    probe = subprocess.run(["docker", "info"], capture_output=True, check=False) if _has_docker() else None
    if probe is None or probe.returncode:
        pytest.skip("no Docker Engine answers here")
    return variables or {"DOCKER_HOST": ""}


def _has_docker() -> bool:
    return any(os.access(f"{folder}/docker", os.X_OK) for folder in os.environ["PATH"].split(os.pathsep))


def test_lab_that_needs_ipvs(uml_labs: LabsRunner, uml_leftovers: UmlLeftovers, engine: dict[str, str]) -> None:
    """A lab that needs IPVS starts on uml if the engine's kernel does not have it, and one line says why."""
    started = uml_labs("start", "meshed", env=engine)
    assert 0 == started.returncode, started.stderr
    first_line = started.stderr.splitlines()[0]
    try:
        if first_line.startswith("Driver docker:"):
            pytest.skip("the engine's kernel has IPVS")
        assert (
            "Driver uml: its VMs need no Docker Engine. Driver docker cannot run it: 'meshed' needs ipvs" in first_line
        )
        assert 0 == uml_labs("exec", "node1", "--", "grep", "-w", "ip_vs_rr", "/proc/modules", env=engine).returncode
    finally:
        uml_labs("rm", "meshed", env=engine)


def test_doctor_shows_both_drivers(uml_labs: LabsRunner) -> None:
    """`labs doctor` shows the findings for both drivers, and succeeds if one of them can be used."""
    result = uml_labs("doctor")
    assert 0 == result.returncode, result.stdout
    docker, uml = result.stdout.partition("driver uml")[::2]
    assert docker.startswith("driver docker\n")
    assert f"No Docker Engine answers at {NO_ENGINE}" in docker
    assert "kernel and base disk with" in uml
    assert "✗" not in uml
