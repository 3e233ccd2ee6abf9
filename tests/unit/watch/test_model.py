"""The state of the watch and its transitions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runner.checking.results import CheckReport, Outcome
from runner.nodes.driver_interface import Cluster, ClusterId, NodeState
from runner.progress.model import Progress, StepCompletion
from runner.watch import model
from runner.watch.cluster_snapshot import ClusterSnapshot, NodeSnapshot
from runner.watch.model import ClusterPhase, ErrorNotice, KeyAction, WatchState
from tests.support import local_nodes, watch_states
from tests.support.watch_states import FINISHED, HALF_DONE, INIT, NOT_WORKERS, READY, WORKERS


def shown_step_id(state: WatchState) -> str:
    """Return the id of the shown step."""
    assert state.shown_step
    return state.shown_step.id


def test_current_step() -> None:
    """The current step is the first one with a check that does not pass, and it is shown."""
    assert ("join", "join") == (HALF_DONE.current_step and HALF_DONE.current_step.id, shown_step_id(HALF_DONE))


def test_all_done() -> None:
    """Once all steps are done there is no current step, and the last step is shown."""
    assert (None, "end") == (FINISHED.current_step, shown_step_id(FINISHED))


def test_one_step_checked() -> None:
    """New results of one step's checks replace the earlier ones, and leave the results of other steps unchanged."""
    after = model.apply_check_results(HALF_DONE, CheckReport("tiny", (READY, WORKERS)), all_checks=False)
    assert (INIT, READY, WORKERS, watch_states.SKIPPED_WEB) == after.report.results
    assert "serve" == shown_step_id(after)


def test_all_checks() -> None:
    """A run of all checks replaces all results, and clears an earlier error."""
    before = replace(HALF_DONE, check_error=ErrorNotice("The checks cannot run.", "Fix them."), is_checking=True)
    after = model.apply_check_results(before, CheckReport("tiny", (INIT, NOT_WORKERS)), all_checks=True)
    assert ((INIT, NOT_WORKERS), None, False) == (after.report.results, after.check_error, after.is_checking)


def test_selected_step_stays() -> None:
    """A step that the learner selected stays on the screen while other steps pass."""
    selected = model.apply_key_action(HALF_DONE, KeyAction.PREVIOUS_STEP)
    after = model.apply_check_results(selected, CheckReport("tiny", (READY, WORKERS)), all_checks=False)
    assert ("init", "serve") == (shown_step_id(after), after.current_step and after.current_step.id)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ([KeyAction.PREVIOUS_STEP], "init"),
        ([KeyAction.PREVIOUS_STEP, KeyAction.PREVIOUS_STEP, KeyAction.PREVIOUS_STEP], "init"),
        ([KeyAction.NEXT_STEP, KeyAction.NEXT_STEP], "scale"),
        ([KeyAction.NEXT_STEP] * 9, "end"),
        ([KeyAction.NEXT_STEP, KeyAction.CURRENT_STEP], "join"),
        ([KeyAction.NEXT_STEP, KeyAction.PREVIOUS_STEP], "join"),
    ],
)
def test_keys(keys: list[KeyAction], expected: str) -> None:
    """The arrow keys select other steps and stop at both ends; Esc returns to the current step."""
    state = HALF_DONE
    for key in keys:
        state = model.apply_key_action(state, key)
    assert expected == shown_step_id(state)


def test_select_current_step() -> None:
    """Selecting the current step makes the screen follow the learner again."""
    state = model.apply_key_action(model.apply_key_action(HALF_DONE, KeyAction.NEXT_STEP), KeyAction.PREVIOUS_STEP)
    assert state.selected_step_id is None


def test_scrolling() -> None:
    """Text scrolls by several lines, not beyond its start; another step starts at the top."""
    down = model.apply_key_action(HALF_DONE, KeyAction.SCROLL_DOWN)
    assert (5, 0) == (
        down.scroll_lines,
        model.apply_key_action(model.apply_key_action(down, KeyAction.SCROLL_UP), KeyAction.SCROLL_UP).scroll_lines,
    )
    assert 0 == model.apply_key_action(down, KeyAction.NEXT_STEP).scroll_lines


def test_cluster_phase(tmp_path: Path) -> None:
    """A cluster is running if any node is, stopped if none is, and starting until its start is complete."""
    running = local_nodes.make_local_cluster(tmp_path, "node1", "node2")
    stopped = local_nodes.LocalNode(tmp_path, "node1", state=NodeState.STOPPED)
    all_stopped = Cluster(ClusterId("tiny"), "local", (stopped,), is_complete=True)
    partly = replace(all_stopped, nodes=(stopped, running.nodes[1]))
    phases = [
        model.determine_cluster_phase(cluster)
        for cluster in (None, replace(running, is_complete=False), all_stopped, partly, running)
    ]
    assert [
        ClusterPhase.ABSENT,
        ClusterPhase.STARTING,
        ClusterPhase.STOPPED,
        ClusterPhase.RUNNING,
        ClusterPhase.RUNNING,
    ] == phases


def test_removed_cluster() -> None:
    """Once the cluster is removed, neither check results nor completed steps are shown."""
    known = replace(HALF_DONE, progress=Progress("tiny", completed_on_cluster={"init": StepCompletion.PASSED}))
    after = model.apply_poll_result(known, None, ClusterSnapshot(), None)
    assert (ClusterPhase.ABSENT, (), frozenset()) == (after.cluster_phase, after.report.results, after.passed_step_ids)


def test_stopped_cluster(tmp_path: Path) -> None:
    """While the cluster is stopped, the steps completed on it are still shown."""
    known = replace(HALF_DONE, progress=Progress("tiny", completed_on_cluster={"init": StepCompletion.PASSED}))
    node = local_nodes.LocalNode(tmp_path, state=NodeState.STOPPED)
    after = model.apply_poll_result(
        known, Cluster(ClusterId("tiny"), "local", (node,), is_complete=True), ClusterSnapshot(), None
    )
    assert (ClusterPhase.STOPPED, frozenset({"init"})) == (after.cluster_phase, after.passed_step_ids)


def test_cluster_error() -> None:
    """An error of the lookup is shown next to the last known state, until the lookup succeeds."""
    error = ErrorNotice("No engine answers.", "Start it.")
    lost = model.apply_poll_result(HALF_DONE, None, ClusterSnapshot(), error)
    assert replace(HALF_DONE, cluster_error=error) == lost
    assert model.apply_poll_result(lost, None, ClusterSnapshot(), None).cluster_error is None


def test_list_check_preconditions() -> None:
    """Stopping or starting a node changes the preconditions of checks; a change of its workloads does not."""
    down = replace(HALF_DONE, snapshot=ClusterSnapshot((NodeSnapshot("node1", state="stopped"),)))
    up = replace(HALF_DONE, snapshot=ClusterSnapshot((NodeSnapshot("node1"),)))
    assert model.extract_phase_and_stopped_nodes(down) != model.extract_phase_and_stopped_nodes(up)
    assert model.extract_phase_and_stopped_nodes(up) == model.extract_phase_and_stopped_nodes(
        replace(up, snapshot=ClusterSnapshot((watch_states.NODES[0],)))
    )


def test_hints() -> None:
    """The hints of a step are those that match its results, weakest first."""
    step = watch_states.STEPS[1]
    assert ("There are two tokens.", watch_states.HINT) == tuple(
        hint.text for hint in HALF_DONE.select_step_hints(step).remaining
    )


def test_skipped_is_not_done() -> None:
    """A step whose checks were skipped is not done."""
    assert (
        frozenset({"init"})
        == watch_states.make_watch_state(INIT, replace(READY, outcome=Outcome.SKIPPED)).passed_step_ids
    )
