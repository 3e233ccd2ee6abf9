"""Clusters of VMs for the tests, in a separate project; they use this user's artifacts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.drivers.uml.driver import UmlDriver
from runner.nodes.driver_interface import Node
from tests.support import pseudo_terminal
from tests.support.helpers import NO_ENGINE
from tests.support.labs_command import LabsRunner, make_labs_runner
from tests.support.pseudo_terminal import PseudoTerminal
from tests.support.vm_leftovers import UmlLeftovers


@pytest.fixture(scope="session")
def uml_environment(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return an environment without a Docker Engine, in which `labs` shares only the artifacts with the user."""
    variables = {**environment, "XDG_STATE_HOME": str(tmp_path_factory.mktemp("uml")), "DOCKER_HOST": NO_ENGINE}
    del variables["LABS_DRIVER"]
    return variables


@pytest.fixture(scope="session")
def uml_labs(uml_environment: dict[str, str]) -> LabsRunner:
    """Return a function that runs `labs` in this environment; the fixture of other tests uses another one."""
    return make_labs_runner(uml_environment)


@pytest.fixture(scope="session")
def uml_leftovers(uml_environment: dict[str, str]) -> UmlLeftovers:
    """Return an object that lists the project's processes and files."""
    return UmlLeftovers(Path(uml_environment["XDG_STATE_HOME"]) / "labs" / uml_environment["LABS_PROJECT"])


@pytest.fixture(scope="session", autouse=True)
def _artifacts(uml_labs: LabsRunner, uml_leftovers: UmlLeftovers) -> Iterator[None]:
    """Build the artifacts before the first test, and remove all clusters after the last."""
    built = uml_labs("images", "build", "--driver", "uml")
    assert built.returncode == 0, built.stderr
    yield
    uml_labs("rm", "--all")
    uml_leftovers.kill_processes()


@pytest.fixture
def uml_clean(uml_labs: LabsRunner, uml_leftovers: UmlLeftovers) -> Iterator[None]:
    """Remove all clusters before and after a test."""
    uml_labs("rm", "--all")
    assert uml_leftovers.list_all() == []
    yield
    uml_labs("rm", "--all")


@pytest.fixture(scope="module")
def uml_trio(uml_labs: LabsRunner) -> Iterator[str]:
    """Start the lab `trio` for the tests of a file."""
    uml_labs("rm", "--all")
    started = uml_labs("start", "trio", "--driver", "uml")
    assert started.returncode == 0, started.stderr
    yield "trio"
    uml_labs("rm", "trio")


@pytest.fixture(scope="module")
def swarm(uml_labs: LabsRunner, uml_trio: str) -> str:
    """Start the lab `trio` and play its lesson, which creates a swarm of three nodes."""
    played = uml_labs("play", uml_trio)
    assert played.returncode == 0, played.stdout + played.stderr
    return uml_trio


@pytest.fixture
def uml_shell(uml_environment: dict[str, str]) -> Iterator[PseudoTerminal]:
    """Yield a terminal that shows the prompt of node2."""
    with pseudo_terminal.open_node_shell(uml_environment) as terminal:
        yield terminal


@pytest.fixture
def node2(monkeypatch: pytest.MonkeyPatch, uml_environment: dict[str, str]) -> Node:
    """Return node2 of the running lab, as the driver finds it."""
    for name in ("LABS_PROJECT", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, uml_environment[name])
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    return UmlDriver().list_clusters()[0].nodes[1]
