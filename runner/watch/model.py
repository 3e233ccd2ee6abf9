"""What the watch knows and how that changes, as data: nothing here looks, waits or draws."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from runner.checking.results import CheckReport, CheckResult
from runner.lessons.model import Lab, Step
from runner.nodes.driver_interface import Cluster, NodeState
from runner.progress import completion, hint_selection
from runner.progress.model import Progress
from runner.watch.cluster_snapshot import ClusterSnapshot

# Further than any text goes.
SCROLL_TO_END = 1 << 16


class ClusterPhase(StrEnum):
    """What there is of the lab's cluster."""

    UNKNOWN = "not looked at yet"
    ABSENT = "not started"
    STARTING = "being started"
    STOPPED = "halted"
    RUNNING = "up"


class KeyAction(StrEnum):
    """What a key asks for."""

    SHOW_HINT = "hint"
    SHOW_SOLUTION = "solution"
    PREVIOUS_STEP = "up"
    NEXT_STEP = "down"
    SCROLL_UP = "page up"
    SCROLL_DOWN = "page down"
    CURRENT_STEP = "here"
    RECHECK = "again"
    QUIT = "quit"


@dataclass(frozen=True, slots=True)
class ErrorNotice:
    """Why something could not be looked at, and what to type."""

    message: str
    advice: str


@dataclass(frozen=True, slots=True)
class WatchState:
    """All that is shown.

    Attributes:
        lab: The lab.
        presence: What there is of its cluster.
        picture: The nodes and what runs on them.
        report: What each check found when it last ran.
        progress: What is kept of the learner's way.
        checking: Whether checks have been running for so long that it is worth a word.
        unseen: Why the cluster could not be looked for.
        trouble: Why checks could not run, or their results not be kept.
        said: A word in passing, such as praise for a step that has just been passed.
        chosen: The id of the step that the learner looks at; None to follow the first that is not done.
        solution: Whether the learner has asked how to solve the step that is looked at.
        scroll: By how many lines its text is moved up.

    """

    lab: Lab
    cluster_phase: ClusterPhase = ClusterPhase.UNKNOWN
    snapshot: ClusterSnapshot = field(default_factory=ClusterSnapshot)
    report: CheckReport = field(default_factory=lambda: CheckReport("", ()))
    progress: Progress = field(default_factory=lambda: Progress(""))
    is_checking: bool = False
    cluster_error: ErrorNotice | None = None
    check_error: ErrorNotice | None = None
    success_message: str = ""
    selected_step_id: str | None = None
    is_solution_shown: bool = False
    scroll_lines: int = 0

    @property
    def steps(self) -> tuple[Step, ...]:
        """The lesson's steps."""
        return self.lab.lesson.steps

    @property
    def passed_step_ids(self) -> frozenset[str]:
        """The ids of the steps that are done now."""
        if self.report.results:
            return frozenset(completion.find_passed_steps(self.lab.lesson, self.report))
        # Until checks can run again, what was last known of this cluster is the best there is.
        return frozenset(self.progress.completed_on_cluster) if self.cluster_phase in (ClusterPhase.RUNNING, ClusterPhase.STOPPED) else frozenset()

    @property
    def current_step(self) -> Step | None:
        """The first step with checks that do not all pass; None if all do, or nothing is known yet."""
        done = self.passed_step_ids
        return next((step for step in self.steps if step.id not in done and self.report.results_for_step(step.id)), None)

    @property
    def shown_step(self) -> Step | None:
        """The step whose checks are shown."""
        chosen = self.lab.lesson.find_step(self.selected_step_id) if self.selected_step_id else None
        return chosen or self.current_step or (self.steps[-1] if self.report.results and self.steps else None)

    def step_results(self, step: Step) -> tuple[CheckResult, ...]:
        """What a step's checks found."""
        return self.report.results_for_step(step.id)

    def step_hints(self, step: Step) -> hint_selection.HintSelection:
        """Return the hints for a step, as far as what its checks found tells them."""
        return hint_selection.select_hints(step, self.step_results(step), self.progress.step_record(step.id).shown_hints)


def cluster_phase(cluster: Cluster | None) -> ClusterPhase:
    """Return what there is of a cluster."""
    if cluster is None:
        return ClusterPhase.ABSENT
    if not cluster.is_complete:
        return ClusterPhase.STARTING
    up = any(node.state is NodeState.RUNNING for node in cluster.nodes)
    return ClusterPhase.RUNNING if up else ClusterPhase.STOPPED


def apply_poll_result(state: WatchState, cluster: Cluster | None, snapshot: ClusterSnapshot, error: ErrorNotice | None) -> WatchState:
    """Take in a look at the cluster; of one that is not up nothing can be said.

    Args:
        watch: What was known.
        found: The cluster, if there is one.
        picture: The nodes and what runs on them.
        trouble: Why it could not be looked for.

    """
    if error:
        return replace(state, cluster_error=error)
    after = replace(state, cluster_phase=cluster_phase(cluster), snapshot=snapshot, cluster_error=None)
    if after.cluster_phase is not state.cluster_phase:
        after = replace(after, check_error=None, success_message="", is_checking=False)
    return after if after.cluster_phase is ClusterPhase.RUNNING else replace(after, report=CheckReport(state.lab.name, ()))


def check_preconditions(state: WatchState) -> tuple[object, ...]:
    """Return what of the cluster decides whether its checks can run."""
    return (state.cluster_phase, *(node.status == NodeState.STOPPED for node in state.snapshot.nodes))


def apply_check_results(state: WatchState, report: CheckReport, *, all_checks: bool) -> WatchState:
    """Take in what checks found.

    Args:
        watch: What was known.
        report: What they found.
        whole: Whether all checks ran, and not only those of a step.

    """
    merged = report if all_checks else _merged(state.report, report)
    after = replace(state, report=merged, is_checking=False, check_error=None)
    return after if after.shown_step == state.shown_step else replace(after, scroll_lines=0, is_solution_shown=False)


def _merged(before: CheckReport, report: CheckReport) -> CheckReport:
    new = {result.check: result for result in report.results}
    return CheckReport(before.lab, tuple(new.get(result.check, result) for result in before.results))


def apply_key_action(state: WatchState, action: KeyAction) -> WatchState:
    """Take in a key that changes only what is looked at."""
    if action is KeyAction.SHOW_SOLUTION:
        return replace(state, is_solution_shown=True, scroll_lines=SCROLL_TO_END)
    if action is KeyAction.CURRENT_STEP:
        return replace(state, selected_step_id=None, scroll_lines=0, is_solution_shown=False)
    if action in (KeyAction.PREVIOUS_STEP, KeyAction.NEXT_STEP):
        return _moved(state, -1 if action is KeyAction.PREVIOUS_STEP else 1)
    if action in (KeyAction.SCROLL_UP, KeyAction.SCROLL_DOWN):
        return replace(state, scroll_lines=max(0, state.scroll_lines + (-5 if action is KeyAction.SCROLL_UP else 5)))
    return state


def _moved(watch: WatchState, by: int) -> WatchState:
    here = watch.shown_step
    if here is None:
        return watch
    at = min(max(0, watch.steps.index(here) + by), len(watch.steps) - 1)
    # Back on the step where the learner is, the watch follows again.
    chosen = None if watch.steps[at] == watch.current_step else watch.steps[at].id
    return replace(watch, selected_step_id=chosen, scroll_lines=0, is_solution_shown=False)
