"""Finds the step that a learner is at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from runner.checking import run_checks
from runner.checking.check_request import CheckRequest
from runner.checking.results import CheckReport
from runner.cli import _progress
from runner.clusters import lookup
from runner.lessons.model import Lab, Step
from runner.nodes.driver_interface import Cluster, ClusterId, NodeState
from runner.progress import completion

# Long enough not to take for undone what is only settling.
_PATIENCE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Place:
    """A step, and what its checks find now.

    Attributes:
        step: The step.
        report: What was found; empty where the lab does not run, and for a step without checks.
        passes: Whether the step passes now.

    """

    step: Step
    report: CheckReport
    passes: bool


def current(lab: Lab, stay: Callable[[Step], bool]) -> Place | None:
    """Return the first step that is not done, or None if all are; what is done since the last look is noted.

    Args:
        lab: The lab.
        stay: Whether a step of mere reading, which no check can tell to be done, is the one.

    """
    progress = _progress.load_progress(lab.name)
    cluster = lookup.survey_clusters().find_cluster(ClusterId(lab.name))
    if cluster is None or not _checkable(cluster):
        step = progress.find_current_step(lab.lesson) if cluster else progress.find_first_unpassed_step(lab.lesson)
        return Place(step, CheckReport(lab.name, ()), False) if step else None
    for step in lab.lesson.steps:
        if step.id in progress.completed_on_cluster:
            continue
        found = _look(lab, step, cluster)
        if not found.passes and (found.report.results or stay(step)):
            return found
    return None


def of(lab: Lab, step: Step) -> Place:
    """Look at one step, whatever comes before it; if it passes, that is noted.

    Raises:
        BrokenLabError: Its checks cannot be run.

    """
    cluster = lookup.survey_clusters().find_cluster(ClusterId(lab.name))
    if cluster is None or not _checkable(cluster):
        return Place(step, CheckReport(lab.name, ()), False)
    return _look(lab, step, cluster)


def _look(lab: Lab, step: Step, cluster: Cluster) -> Place:
    report = run_checks.run_checks(CheckRequest(lab, cluster, frozenset({step.id}), _PATIENCE_SECONDS))
    passes = bool(completion.find_passed_steps(lab.lesson, report, all_checks_ran=False))
    if passes:
        _progress.record_passed(lab.name, [step.id])
    return Place(step, report, passes)


def _checkable(cluster: Cluster) -> bool:
    return cluster.is_complete and any(node.state is NodeState.RUNNING for node in cluster.nodes)
