"""Find the step that a learner is working on, by running the checks of the steps not yet known to be done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from runner.checking import run_checks
from runner.checking.check_request import CheckRequest
from runner.checking.results import CheckReport
from runner.lessons.model import Lab, Step
from runner.nodes.driver_interface import Cluster, NodeState
from runner.progress import passed_steps
from runner.progress.model import Progress

# Long enough that a step does not count as unfinished while the cluster is still converging.
_SETTLE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class CheckedStep:
    """A step, and what its checks report now.

    Attributes:
        step: The step.
        report: The results; empty if the lab does not run or the step has no checks.
        is_passed: Whether the step's checks pass now.

    """

    step: Step
    report: CheckReport
    is_passed: bool


@dataclass(frozen=True, slots=True)
class CurrentStep:
    """The step that a learner is working on.

    Attributes:
        checked: The first step that is not done; None if all are.
        newly_passed: The ids of earlier steps whose checks pass and are not recorded yet; the caller records them.

    """

    checked: CheckedStep | None
    newly_passed: tuple[str, ...] = ()


def find_current_step(
    lab: Lab, cluster: Cluster | None, progress: Progress, accepts_reading: Callable[[Step], bool]
) -> CurrentStep:
    """Find the first step that is not done.

    Args:
        lab: The lab.
        cluster: The lab's cluster, if there is one.
        progress: The learner's progress in it.
        accepts_reading: Returns whether to stop at a reading step, which has no checks that could show it as done.

    """
    if cluster is None or not _is_checkable(cluster):
        step = (
            progress.find_first_step_incomplete_on_cluster(lab.lesson)
            if cluster
            else progress.find_first_step_never_passed(lab.lesson)
        )
        return CurrentStep(CheckedStep(step, CheckReport(lab.name, ()), False) if step else None)
    newly_passed: list[str] = []
    for step in lab.lesson.steps:
        if step.id in progress.completed_on_cluster:
            continue
        checked = run_step_checks(lab, cluster, step)
        if checked.is_passed:
            newly_passed.append(step.id)
        elif checked.report.results or accepts_reading(step):
            return CurrentStep(checked, tuple(newly_passed))
    return CurrentStep(None, tuple(newly_passed))


def run_step_checks(lab: Lab, cluster: Cluster | None, step: Step) -> CheckedStep:
    """Run the checks of one step regardless of earlier steps; if the lab does not run, there are no results.

    Raises:
        BrokenLabError: Its checks cannot be run.

    """
    if cluster is None or not _is_checkable(cluster):
        return CheckedStep(step, CheckReport(lab.name, ()), False)
    report = run_checks.run_checks(CheckRequest(lab, cluster, frozenset({step.id}), _SETTLE_SECONDS))
    return CheckedStep(step, report, bool(passed_steps.find_passed_step_ids(lab.lesson, report, all_checks_ran=False)))


def _is_checkable(cluster: Cluster) -> bool:
    return cluster.is_complete and any(node.state is NodeState.RUNNING for node in cluster.nodes)
