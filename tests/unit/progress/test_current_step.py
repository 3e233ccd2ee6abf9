"""Finding the current step by running checks."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from runner import paths
from runner.lessons.model import Lab
from runner.nodes.driver_interface import Cluster
from runner.progress import current_step
from runner.progress.current_step import CurrentStep
from runner.progress.model import Progress
from tests.support import helpers, local_nodes

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
CHECKS = """
from checks import step

@step("first")
def test_first(nodes):
    '''The first check passes.'''

@step("second")
def test_second(nodes):
    '''The second check fails.'''
    assert False
"""


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """Return a lab with a step whose check passes, a reading step, and a step whose check fails."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    headings = "".join(f"## Step {{#{step_id}}}\n" for step_id in ("first", "reading", "second"))
    return helpers.make_lab(tmp_path, helpers.FRONT_MATTER + headings, checks=CHECKS)


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    """Return a running cluster for the lab."""
    return local_nodes.make_local_cluster(tmp_path)


def step_ids(current: CurrentStep) -> tuple[str | None, tuple[str, ...]]:
    """Return the id of the current step, and those of the newly passed steps."""
    return current.checked.step.id if current.checked else None, current.newly_passed


def test_running_lab(lab: Lab, cluster: Cluster) -> None:
    """The current step is the first whose checks fail; passing steps before it are returned, not recorded."""
    current = current_step.find_current_step(lab, cluster, Progress("tiny"), lambda _step: False)
    assert ("second", ("first",)) == step_ids(current)
    assert not paths.state_folder().exists()


def test_reading_step(lab: Lab, cluster: Cluster) -> None:
    """A reading step is the current step only if the caller accepts it."""
    current = current_step.find_current_step(lab, cluster, Progress("tiny"), lambda _step: True)
    assert ("reading", ("first",)) == step_ids(current)


def test_completed_steps_are_not_checked(lab: Lab, cluster: Cluster) -> None:
    """Steps that are known to be completed on the cluster are skipped, even if their checks fail now."""
    progress = Progress("tiny").with_steps_passed(["second"], NOON)
    current = current_step.find_current_step(lab, cluster, progress, lambda _step: False)
    assert (None, ("first",)) == step_ids(current)


def test_without_cluster(lab: Lab) -> None:
    """If the lab does not run, the current step is the first that was never passed."""
    progress = Progress("tiny").with_steps_passed(["first"], NOON)
    current = current_step.find_current_step(lab, None, progress, lambda _step: False)
    assert ("reading", ()) == step_ids(current)


def test_check_step(lab: Lab, cluster: Cluster) -> None:
    """One step is checked regardless of earlier steps; without a cluster it has no results."""
    first, _, second = lab.lesson.steps
    assert current_step.run_step_checks(lab, cluster, first).is_passed
    assert 1 == len(current_step.run_step_checks(lab, cluster, second).report.results)
    assert () == current_step.run_step_checks(lab, None, second).report.results
