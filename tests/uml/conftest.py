"""Clusters of machines for the tests, in a project of their own; the parts are this user's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.drivers.uml.driver import UmlDriver
from runner.nodes.driver_interface import Node
from tests.conftest import LabsRunner, make_labs_runner
from tests.helpers import NO_ENGINE
from tests.uml.leftovers import Left

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.uml)


@pytest.fixture(scope="session")
def environment(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return an environment without an engine, whose `labs` shares nothing but the parts."""
    own = {**environment, "XDG_STATE_HOME": str(tmp_path_factory.mktemp("uml")), "DOCKER_HOST": NO_ENGINE}
    del own["LABS_DRIVER"]
    return own


@pytest.fixture(scope="session")
def labs(environment: dict[str, str]) -> LabsRunner:
    """Return what runs `labs` in this environment; the other tests' one may have been made already, in theirs."""
    return make_labs_runner(environment)


@pytest.fixture(scope="session")
def left(environment: dict[str, str]) -> Left:
    """Return what lists the project's processes and files."""
    return Left(Path(environment["XDG_STATE_HOME"]) / "labs" / environment["LABS_PROJECT"])


@pytest.fixture(scope="session", autouse=True)
def _parts(labs: LabsRunner, left: Left) -> Iterator[None]:
    """Have the parts before the first test, and leave nothing after the last."""
    built = labs("images", "build", "--driver", "uml")
    assert built.returncode == 0, built.stderr
    yield
    labs("rm", "--all")
    left.clear()


@pytest.fixture
def clean(labs: LabsRunner, left: Left) -> Iterator[None]:
    """Begin and end a test without clusters."""
    labs("rm", "--all")
    assert left.everything() == []
    yield
    labs("rm", "--all")


@pytest.fixture(scope="module")
def trio(labs: LabsRunner) -> Iterator[str]:
    """Have the lab `trio` started for the tests of a file."""
    labs("rm", "--all")
    started = labs("start", "trio", "--driver", "uml")
    assert started.returncode == 0, started.stderr
    yield "trio"
    labs("rm", "trio")


@pytest.fixture(scope="module")
def swarm(labs: LabsRunner, trio: str) -> str:
    """Have the lab `trio` with its lesson played: three nodes, one swarm."""
    played = labs("play", trio)
    assert played.returncode == 0, played.stdout + played.stderr
    return trio


@pytest.fixture
def node2(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> Node:
    """Return a node of the lab that runs, as the driver finds it."""
    for name in ("LABS_PROJECT", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, environment[name])
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    return UmlDriver().list_clusters()[0].nodes[1]
