"""Finds the step that a learner is at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from runner.checking import run_checks
from runner.checking.check_request import Request
from runner.checking.results import Report
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
    report: Report
    passes: bool


def current(lab: Lab, stay: Callable[[Step], bool]) -> Place | None:
    """Return the first step that is not done, or None if all are; what is done since the last look is noted.

    Args:
        lab: The lab.
        stay: Whether a step of mere reading, which no check can tell to be done, is the one.

    """
    progress = _progress.load(lab.name)
    cluster = lookup.started(ClusterId(lab.name))
    if cluster is None or not _checkable(cluster):
        step = progress.place(lab.lesson) if cluster else progress.unpassed(lab.lesson)
        return Place(step, Report(lab.name, ()), False) if step else None
    for step in lab.lesson.steps:
        if step.id in progress.here:
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
    cluster = lookup.started(ClusterId(lab.name))
    if cluster is None or not _checkable(cluster):
        return Place(step, Report(lab.name, ()), False)
    return _look(lab, step, cluster)


def _look(lab: Lab, step: Step, cluster: Cluster) -> Place:
    report = run_checks.run(Request(lab, cluster, frozenset({step.id}), _PATIENCE_SECONDS))
    passes = bool(completion.passed(lab.lesson, report, whole=False))
    if passes:
        _progress.passed(lab.name, [step.id])
    return Place(step, report, passes)


def _checkable(cluster: Cluster) -> bool:
    return cluster.complete and any(node.state is NodeState.RUNNING for node in cluster.nodes)
