"""The state of `labs watch` and its transitions, as pure functions: nothing here polls, waits or draws."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from runner.checking.results import CheckReport, CheckResult
from runner.lessons.model import Lab, Step
from runner.nodes.driver_interface import Cluster, NodeState
from runner.progress import hint_selection, passed_steps
from runner.progress.model import Progress
from runner.watch.cluster_snapshot import ClusterSnapshot

# More lines than any step has; the view limits it.
SCROLL_TO_END = 1 << 16
_LINES_PER_SCROLL = 5


class ClusterPhase(StrEnum):
    """The phase that the lab's cluster is in."""

    UNKNOWN = "unknown"
    ABSENT = "not started"
    STARTING = "starting"
    STOPPED = "stopped"
    RUNNING = "running"


class KeyAction(StrEnum):
    """What a key does."""

    SHOW_HINT = "show the next hint"
    SHOW_SOLUTION = "show how to see the solution"
    PREVIOUS_STEP = "select the previous step"
    NEXT_STEP = "select the next step"
    SCROLL_UP = "scroll up"
    SCROLL_DOWN = "scroll down"
    CURRENT_STEP = "return to the current step"
    RECHECK = "run all checks now"
    QUIT = "quit"


@dataclass(frozen=True, slots=True)
class ErrorNotice:
    """An error to show on the screen, and what the learner can do about it."""

    message: str
    advice: str


@dataclass(frozen=True, slots=True)
class WatchState:
    """Everything that the screen is drawn from.

    Attributes:
        lab: The lab.
        cluster_phase: The phase of its cluster.
        snapshot: The nodes and what runs on them.
        report: The latest result of each check.
        progress: The learner's recorded progress.
        is_checking: Whether checks have been running long enough to show it.
        cluster_error: Why the cluster could not be looked up.
        check_error: Why the checks could not run, or the progress not be saved.
        success_message: A message that is shown for a while, such as praise for a step that has just passed.
        selected_step_id: The id of the step that the learner selected; None to follow the current step.
        is_solution_shown: Whether the learner has asked for the solution of the shown step.
        scroll_lines: How many lines the text of the shown step is scrolled down.

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
        """The ids of the steps that pass now."""
        if self.report.results:
            return frozenset(passed_steps.find_passed_step_ids(self.lab.lesson, self.report))
        # Until the checks have run, the recorded progress of this cluster is the best information there is.
        has_cluster = self.cluster_phase in (ClusterPhase.RUNNING, ClusterPhase.STOPPED)
        return frozenset(self.progress.completed_on_cluster) if has_cluster else frozenset()

    @property
    def current_step(self) -> Step | None:
        """The first step with a check that does not pass; None if all pass or no check has run."""
        passed = self.passed_step_ids
        return next((step for step in self.steps if step.id not in passed and self.list_step_results(step)), None)

    @property
    def shown_step(self) -> Step | None:
        """The step whose checks are shown: the selected step, else the current one, else the last one."""
        selected = self.lab.lesson.find_step(self.selected_step_id) if self.selected_step_id else None
        return selected or self.current_step or (self.steps[-1] if self.report.results and self.steps else None)

    def list_step_results(self, step: Step) -> tuple[CheckResult, ...]:
        """Return the results of a step's checks."""
        return self.report.list_step_results(step.id)

    def select_step_hints(self, step: Step) -> hint_selection.HintSelection:
        """Return the hints that match a step's check results."""
        shown_hints = self.progress.find_step_record(step.id).shown_hints
        return hint_selection.select_hints(step, self.list_step_results(step), shown_hints)


def determine_cluster_phase(cluster: Cluster | None) -> ClusterPhase:
    """Return the phase of a cluster."""
    if cluster is None:
        return ClusterPhase.ABSENT
    if not cluster.is_complete:
        return ClusterPhase.STARTING
    is_running = any(node.state is NodeState.RUNNING for node in cluster.nodes)
    return ClusterPhase.RUNNING if is_running else ClusterPhase.STOPPED


def apply_poll_result(
    state: WatchState, cluster: Cluster | None, snapshot: ClusterSnapshot, error: ErrorNotice | None
) -> WatchState:
    """Return the state after a poll. Check results are dropped unless the cluster is running.

    Args:
        state: The state before.
        cluster: The cluster, if it exists.
        snapshot: The nodes and what runs on them.
        error: Why the cluster could not be looked up.

    """
    if error:
        return replace(state, cluster_error=error)
    after = replace(state, cluster_phase=determine_cluster_phase(cluster), snapshot=snapshot, cluster_error=None)
    if after.cluster_phase is not state.cluster_phase:
        after = replace(after, check_error=None, success_message="", is_checking=False)
    if after.cluster_phase is ClusterPhase.RUNNING:
        return after
    return replace(after, report=CheckReport(state.lab.name, ()))


def extract_phase_and_stopped_nodes(state: WatchState) -> tuple[object, ...]:
    """Return the part of the cluster's state that decides which checks can run: its phase, and which nodes are up."""
    return (state.cluster_phase, *(node.state == NodeState.STOPPED for node in state.snapshot.nodes))


def apply_check_results(state: WatchState, report: CheckReport, *, all_checks: bool) -> WatchState:
    """Return the state after a check run.

    Args:
        state: The state before.
        report: The results of the run.
        all_checks: Whether all checks ran, and not only those of one step.

    """
    merged = report if all_checks else _merge_reports(state.report, report)
    after = replace(state, report=merged, is_checking=False, check_error=None)
    if after.shown_step == state.shown_step:
        return after
    return replace(after, scroll_lines=0, is_solution_shown=False)


def _merge_reports(before: CheckReport, new: CheckReport) -> CheckReport:
    new_results = {result.check: result for result in new.results}
    return CheckReport(before.lab, tuple(new_results.get(result.check, result) for result in before.results))


def apply_key_action(state: WatchState, action: KeyAction) -> WatchState:
    """Return the state after a key that only changes what is shown."""
    match action:
        case KeyAction.SHOW_SOLUTION:
            return replace(state, is_solution_shown=True, scroll_lines=SCROLL_TO_END)
        case KeyAction.CURRENT_STEP:
            return replace(state, selected_step_id=None, scroll_lines=0, is_solution_shown=False)
        case KeyAction.PREVIOUS_STEP:
            return _move_selection(state, -1)
        case KeyAction.NEXT_STEP:
            return _move_selection(state, 1)
        case KeyAction.SCROLL_UP:
            return replace(state, scroll_lines=max(0, state.scroll_lines - _LINES_PER_SCROLL))
        case KeyAction.SCROLL_DOWN:
            return replace(state, scroll_lines=state.scroll_lines + _LINES_PER_SCROLL)
        case _:
            return state


def _move_selection(state: WatchState, offset: int) -> WatchState:
    shown = state.shown_step
    if shown is None:
        return state
    index = min(max(0, state.steps.index(shown) + offset), len(state.steps) - 1)
    step = state.steps[index]
    # Selecting the current step makes the screen follow the learner again.
    selected_step_id = None if step == state.current_step else step.id
    return replace(state, selected_step_id=selected_step_id, scroll_lines=0, is_solution_shown=False)
