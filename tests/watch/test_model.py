"""What the watch knows, and how it changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runner.checking.results import Outcome, CheckReport
from runner.nodes.driver_interface import Cluster, ClusterId, NodeState
from runner.progress.model import Progress, StepCompletion
from runner.watch import model
from runner.watch.cluster_snapshot import NodeSnapshot, ClusterSnapshot
from runner.watch.model import KeyAction, ClusterPhase, ErrorNotice, WatchState
from tests import helpers
from tests.watch import scenarios
from tests.watch.scenarios import FINISHED, HALF, INIT, NOT_WORKERS, READY, WORKERS


def looked_at(watch: WatchState) -> str:
    """Return the id of the step that is looked at."""
    assert watch.shown_step
    return watch.shown_step.id


def test_current() -> None:
    """The learner is at the first step whose checks do not all pass, and that is what the watch shows."""
    assert ("join", "join") == (HALF.current_step and HALF.current_step.id, looked_at(HALF))


def test_all_done() -> None:
    """Once all is done there is no step to be at, and the last one is shown."""
    assert (None, "end") == (FINISHED.current_step, looked_at(FINISHED))


def test_part_of_the_checks() -> None:
    """What a step's checks found takes the place of what they found before, and leaves other steps' results alone."""
    after = model.apply_check_results(HALF, CheckReport("tiny", (READY, WORKERS)), all_checks=False)
    assert (INIT, READY, WORKERS, scenarios.LATER) == after.report.results
    assert "serve" == looked_at(after)


def test_all_checks() -> None:
    """After a run of all checks nothing older is left, and what could not be looked at before is forgotten."""
    before = replace(HALF, check_error=ErrorNotice("The checks cannot run.", "Mend them."), is_checking=True)
    after = model.apply_check_results(before, CheckReport("tiny", (INIT, NOT_WORKERS)), all_checks=True)
    assert ((INIT, NOT_WORKERS), None, False) == (after.report.results, after.check_error, after.is_checking)


def test_chosen_step_stays() -> None:
    """A step that the learner looks at stays in view while others turn green."""
    chosen = model.apply_key_action(HALF, KeyAction.PREVIOUS_STEP)
    after = model.apply_check_results(chosen, CheckReport("tiny", (READY, WORKERS)), all_checks=False)
    assert ("init", "serve") == (looked_at(after), after.current_step and after.current_step.id)


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
    """The arrows look at other steps and stop at the ends; Esc leads back to where the learner is."""
    watch = HALF
    for key in keys:
        watch = model.apply_key_action(watch, key)
    assert expected == looked_at(watch)


def test_back_where_the_learner_is() -> None:
    """Whoever comes back to the step they are at follows again when it is done."""
    watch = model.apply_key_action(model.apply_key_action(HALF, KeyAction.NEXT_STEP), KeyAction.PREVIOUS_STEP)
    assert watch.selected_step_id is None


def test_scrolling() -> None:
    """Text is scrolled by pages, never above its top; another step begins at its top."""
    down = model.apply_key_action(HALF, KeyAction.SCROLL_DOWN)
    assert (5, 0) == (down.scroll_lines, model.apply_key_action(model.apply_key_action(down, KeyAction.SCROLL_UP), KeyAction.SCROLL_UP).scroll_lines)
    assert 0 == model.apply_key_action(down, KeyAction.NEXT_STEP).scroll_lines


def test_presence(tmp_path: Path) -> None:
    """A cluster is up if a node is, halted if none is, and being started until its start is sealed."""
    up = helpers.make_local_cluster(tmp_path, "node1", "node2")
    stopped = helpers.LocalNode(tmp_path, "node1", state=NodeState.STOPPED)
    halted = Cluster(ClusterId("tiny"), "local", (stopped,), is_complete=True)
    partly = replace(halted, nodes=(stopped, up.nodes[1]))
    found = [model.cluster_phase(one) for one in (None, replace(up, is_complete=False), halted, partly, up)]
    assert [ClusterPhase.ABSENT, ClusterPhase.STARTING, ClusterPhase.STOPPED, ClusterPhase.RUNNING, ClusterPhase.RUNNING] == found


def test_gone() -> None:
    """Of a cluster that is not there nothing is known any more, not even what was done on it."""
    known = replace(HALF, progress=Progress("tiny", completed_on_cluster={"init": StepCompletion.PASSED}))
    after = model.apply_poll_result(known, None, ClusterSnapshot(), None)
    assert (ClusterPhase.ABSENT, (), frozenset()) == (after.cluster_phase, after.report.results, after.passed_step_ids)


def test_halted(tmp_path: Path) -> None:
    """While a cluster is halted, the steps that were done on it are still told."""
    known = replace(HALF, progress=Progress("tiny", completed_on_cluster={"init": StepCompletion.PASSED}))
    node = helpers.LocalNode(tmp_path, state=NodeState.STOPPED)
    after = model.apply_poll_result(known, Cluster(ClusterId("tiny"), "local", (node,), is_complete=True), ClusterSnapshot(), None)
    assert (ClusterPhase.STOPPED, frozenset({"init"})) == (after.cluster_phase, after.passed_step_ids)


def test_trouble_with_looking() -> None:
    """Where the cluster cannot be looked for, that is told beside what was known last, until it can be."""
    trouble = ErrorNotice("No engine answers.", "Start it.")
    lost = model.apply_poll_result(HALF, None, ClusterSnapshot(), trouble)
    assert replace(HALF, cluster_error=trouble) == lost
    assert model.apply_poll_result(lost, None, ClusterSnapshot(), None).cluster_error is None


def test_states() -> None:
    """A node that goes down or comes up changes what the checks can see; what runs on it does not."""
    down = replace(HALF, snapshot=ClusterSnapshot((NodeSnapshot("node1", state="stopped"),)))
    up = replace(HALF, snapshot=ClusterSnapshot((NodeSnapshot("node1"),)))
    assert model.check_preconditions(down) != model.check_preconditions(up)
    assert model.check_preconditions(up) == model.check_preconditions(replace(up, snapshot=ClusterSnapshot((scenarios.NODES[0],))))


def test_hints() -> None:
    """The hints of a step are those that its results ask for, weakest first."""
    step = scenarios.STEPS[1]
    assert ("There are two tokens.", scenarios.HINT) == tuple(hint.text for hint in HALF.step_hints(step).remaining)


def test_skipped_is_not_done() -> None:
    """A step whose checks were skipped is not done."""
    assert frozenset({"init"}) == scenarios.watch(INIT, replace(READY, outcome=Outcome.SKIPPED)).passed_step_ids
