"""A command looks up its clusters, its lab and the learner's progress once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from runner.cli import _progress, cli
from runner.clusters import selection
from runner.errors import UsageError
from runner.lessons import parse_cache
from runner.nodes.driver_interface import Cluster, ClusterId
from runner.session import Session
from runner.status import StatusReporter
from tests.support import helpers, local_nodes

LESSON = f"{helpers.FRONT_MATTER}## Look {{#look}}\n::: hint\nOpen your eyes.\n:::\n\n## Find {{#find}}\n"
CHECKS = """
from checks import fail, step

@step('look')
def test_looked(nodes):
    "The learner has looked."

@step('find')
def test_found(nodes):
    "The learner has found it."
    fail(nodes['node1'], 'nothing', 'a file', see='ls')
"""
STARTED = ClusterId("tiny")
LOAD_LAB, LOAD_PROGRESS = parse_cache.load_or_parse_lab.__name__, _progress.load_progress.__name__


@dataclass(slots=True)
class RunningDriver:
    """A driver whose only cluster is running, and which counts how often it is asked for its clusters."""

    cluster: Cluster
    calls: Counter[str] = field(default_factory=Counter)
    name: str = "local"

    def list_clusters(self) -> list[Cluster]:
        """Count the call, and return the cluster."""
        self.calls["list clusters"] += 1
        return [self.cluster]

    def resume_cluster(self, cluster: Cluster, reporter: StatusReporter) -> None:
        """Resume nothing, since everything is running."""

    def stop_cluster(self, cluster: Cluster) -> None:
        """Stop nothing."""


def count_calls(
    patch: pytest.MonkeyPatch, calls: Counter[str], module: ModuleType, function: Callable[..., Any]
) -> None:
    """Make a function of a module count its calls."""

    def counted(*args: Any, **options: Any) -> Any:
        calls[function.__name__] += 1
        return function(*args, **options)

    patch.setattr(module, function.__name__, counted)


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunningDriver:
    """Return the only driver, in a tree where the lab tiny is running."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    helpers.write_lab(tmp_path, LESSON, checks=CHECKS)
    driver = RunningDriver(local_nodes.make_local_cluster(tmp_path))
    for name in ("load_allowed_drivers", "load_drivers_with_clusters"):
        monkeypatch.setattr(selection, name, lambda: [driver])
    monkeypatch.setattr(selection, "load_driver", lambda _name: driver)
    count_calls(monkeypatch, driver.calls, parse_cache, parse_cache.load_or_parse_lab)
    count_calls(monkeypatch, driver.calls, _progress, _progress.load_progress)
    return driver


@pytest.mark.parametrize(
    "arguments",
    [
        ["start", "tiny"],
        ["start"],
        ["check", "--step", "look"],
        ["show"],
        ["show", "look"],
        ["hint", "look"],
        ["goto", "find"],
        ["stop"],
    ],
    ids=" ".join,
)
def test_commands_load_once(arguments: list[str], driver: RunningDriver) -> None:
    """A command surveys the clusters once, and loads its lab and the progress at most once."""
    cli.main(arguments, standalone_mode=False)
    assert 1 == driver.calls["list clusters"]
    assert driver.calls[LOAD_LAB] <= 1
    assert driver.calls[LOAD_PROGRESS] <= 1


def test_start_loads_the_lab_once(driver: RunningDriver, capsys: pytest.CaptureFixture[str]) -> None:
    """`labs start` of a running lab surveys the clusters, loads the lab and loads the progress exactly once."""
    cli.main(["start", "tiny"], standalone_mode=False)
    assert {"list clusters": 1, LOAD_LAB: 1, LOAD_PROGRESS: 1} == driver.calls
    assert capsys.readouterr().out.startswith("tiny is already running: node1.")


def test_session_keeps_loaded_data(driver: RunningDriver) -> None:
    """A session returns the same survey, lab and progress each time; another session looks again."""
    session = Session()
    assert session.cluster_survey is session.cluster_survey
    assert session.load_lab("tiny") is session.load_lab("tiny")
    assert session.load_progress("tiny") is session.load_progress("tiny")
    assert driver.cluster == Session().cluster_survey.find_cluster(STARTED)
    assert 2 == driver.calls["list clusters"]


@pytest.mark.parametrize(
    ("lab", "step", "expected"),
    [
        ("tiny", None, ("tiny", None)),
        ("tiny", "find", ("tiny", "find")),
        ("find", None, ("tiny", "find")),
        (None, None, ("tiny", None)),
    ],
)
def test_resolve_lab_and_step(
    lab: str | None, step: str | None, expected: tuple[str, str | None], driver: RunningDriver
) -> None:
    """A single argument is a lab, or a step of the lab that is started."""
    found_lab, found_step = Session().resolve_lab_and_step(lab, step, "labs show")
    assert expected == (found_lab.name, found_step and found_step.id)


def test_unknown_lab_or_step(driver: RunningDriver) -> None:
    """A single argument that is neither a lab nor a step is refused with the nearest name."""
    with pytest.raises(UsageError, match="There is no lab or step 'finds'") as caught:
        Session().resolve_lab_and_step("finds", None, "labs show")
    assert "Did you mean find?" == caught.value.advice
