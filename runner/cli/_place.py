"""Finds the step that a learner is at."""

from __future__ import annotations

from collections.abc import Callable

from runner.checking import run
from runner.checking.outcomes import Report
from runner.checking.request import Request
from runner.cli import _learning
from runner.clusters import find
from runner.clusters.driver import Cluster, ClusterId, NodeState
from runner.learning import place
from runner.lessons.model import Lab, Step

# Long enough not to take for undone what is only settling.
_PATIENCE_SECONDS = 1.0


def current(lab: Lab, stay: Callable[[Step], bool]) -> Step | None:
    """Return the first step that is not done, or None if all are; what is done since the last look is noted.

    Args:
        lab: The lab.
        stay: Whether a step of mere reading, which no check can tell to be done, is the one.

    """
    progress = _learning.load(lab.name)
    cluster = find.started(ClusterId(lab.name))
    if cluster is None:
        return progress.unpassed(lab.lesson)
    if not _checkable(cluster):
        return progress.place(lab.lesson)
    for step in lab.lesson.steps:
        if step.id in progress.here:
            continue
        report = look(lab, step)
        if passes(lab, report):
            _learning.passed(lab.name, [step.id])
        elif report.results or stay(step):
            return step
    return None


def look(lab: Lab, step: Step) -> Report:
    """Run a step's checks, whatever comes before it; an empty report where the lab does not run.

    Raises:
        BrokenLabError: They cannot be run.

    """
    cluster = find.started(ClusterId(lab.name))
    if cluster is None or not _checkable(cluster):
        return Report(lab.name, ())
    return run.run(Request(lab, cluster, frozenset({step.id}), _PATIENCE_SECONDS))


def passes(lab: Lab, report: Report) -> bool:
    """Whether the one step that was looked at passes."""
    return bool(place.passed(lab.lesson, report, whole=False))


def _checkable(cluster: Cluster) -> bool:
    return cluster.complete and any(node.state is NodeState.RUNNING for node in cluster.nodes)
