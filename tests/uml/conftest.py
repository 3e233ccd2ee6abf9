"""Clusters of VMs for the tests, in a separate project; they use this user's artifacts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.drivers.uml.driver import UmlDriver
from runner.nodes.driver_interface import Node
from tests.conftest import LabsRunner, make_labs_runner
from tests.helpers import NO_ENGINE
from tests.uml.vm_leftovers import UmlLeftovers

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all tests in this folder."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.uml)


@pytest.fixture(scope="session")
def environment(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return an environment without a Docker Engine, in which `labs` shares only the artifacts with the user."""
    variables = {**environment, "XDG_STATE_HOME": str(tmp_path_factory.mktemp("uml")), "DOCKER_HOST": NO_ENGINE}
    del variables["LABS_DRIVER"]
    return variables


@pytest.fixture(scope="session")
def labs(environment: dict[str, str]) -> LabsRunner:
    """Return a function that runs `labs` in this environment; the fixture of other tests uses another one."""
    return make_labs_runner(environment)


@pytest.fixture(scope="session")
def leftovers(environment: dict[str, str]) -> UmlLeftovers:
    """Return an object that lists the project's processes and files."""
    return UmlLeftovers(Path(environment["XDG_STATE_HOME"]) / "labs" / environment["LABS_PROJECT"])


@pytest.fixture(scope="session", autouse=True)
def _artifacts(labs: LabsRunner, leftovers: UmlLeftovers) -> Iterator[None]:
    """Build the artifacts before the first test, and remove all clusters after the last."""
    built = labs("images", "build", "--driver", "uml")
    assert built.returncode == 0, built.stderr
    yield
    labs("rm", "--all")
    leftovers.kill_processes()


@pytest.fixture
def clean(labs: LabsRunner, leftovers: UmlLeftovers) -> Iterator[None]:
    """Remove all clusters before and after a test."""
    labs("rm", "--all")
    assert leftovers.list_all() == []
    yield
    labs("rm", "--all")


@pytest.fixture(scope="module")
def trio(labs: LabsRunner) -> Iterator[str]:
    """Start the lab `trio` for the tests of a file."""
    labs("rm", "--all")
    started = labs("start", "trio", "--driver", "uml")
    assert started.returncode == 0, started.stderr
    yield "trio"
    labs("rm", "trio")


@pytest.fixture(scope="module")
def swarm(labs: LabsRunner, trio: str) -> str:
    """Start the lab `trio` and play its lesson, which creates a swarm of three nodes."""
    played = labs("play", trio)
    assert played.returncode == 0, played.stdout + played.stderr
    return trio


@pytest.fixture
def node2(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> Node:
    """Return node2 of the running lab, as the driver finds it."""
    for name in ("LABS_PROJECT", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, environment[name])
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    return UmlDriver().list_clusters()[0].nodes[1]
