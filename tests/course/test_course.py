"""The labs that come with labs, as a course. `make prove` and `make affected` verify each of them on real nodes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runner.lessons import catalog
from tests.support.helpers import CHECKOUT, NO_ENGINE
from tests.support.labs_command import LabsRunner, make_labs_runner

LABS = sorted(path.parent.name for path in (CHECKOUT / "labs").glob("*/lesson.md"))
_MIN_NEAR_MISSES = 8


def test_all_labs_are_listed() -> None:
    """Every folder with a lesson is a lab that `labs list` shows and `labs verify --all` verifies."""
    assert LABS == catalog.list_lab_names()


@pytest.mark.parametrize("lab", LABS)
def test_near_misses(lab: str) -> None:
    """Every lab has near misses for the usual mistakes, so that its checks are known to reject them."""
    assert _MIN_NEAR_MISSES <= len(catalog.load_lab(lab).near_miss_paths)


@pytest.fixture
def labs_on_vms(environment: dict[str, str]) -> Iterator[LabsRunner]:
    """Return a function that runs `labs` on the built-in labs, on a host without a Docker Engine."""
    variables = {name: value for name, value in environment.items() if name not in ("LABS_ROOT", "LABS_DRIVER")}
    run = make_labs_runner({**variables, "DOCKER_HOST": NO_ENGINE})
    yield run
    run("rm", "--all")


@pytest.mark.uml
def test_lab_on_both_drivers(labs_on_vms: LabsRunner) -> None:
    """A lab that is verified on containers can be played on VMs too, with all checks passing."""
    started = labs_on_vms("start", "swarm-basics", "--driver", "uml")
    assert 0 == started.returncode, started.stderr
    played = labs_on_vms("play", "swarm-basics")
    assert 0 == played.returncode, played.stdout + played.stderr
