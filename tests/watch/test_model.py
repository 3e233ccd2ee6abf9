"""What the watch knows, and how it changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runner.checking.results import Outcome, Report
from runner.nodes.driver_interface import Cluster, ClusterId, NodeState
from runner.progress.model import Progress, Reached
from runner.watch import model
from runner.watch.cluster_snapshot import NodeSight, Picture
from runner.watch.model import Key, Presence, Trouble, Watch
from tests import helpers
from tests.watch import scenarios
from tests.watch.scenarios import FINISHED, HALF, INIT, NOT_WORKERS, READY, WORKERS


def looked_at(watch: Watch) -> str:
    """Return the id of the step that is looked at."""
    assert watch.looked_at
    return watch.looked_at.id


def test_current() -> None:
    """The learner is at the first step whose checks do not all pass, and that is what the watch shows."""
    assert ("join", "join") == (HALF.current and HALF.current.id, looked_at(HALF))


def test_all_done() -> None:
    """Once all is done there is no step to be at, and the last one is shown."""
    assert (None, "end") == (FINISHED.current, looked_at(FINISHED))


def test_part_of_the_checks() -> None:
    """What a step's checks found takes the place of what they found before, and leaves other steps' results alone."""
    after = model.checked(HALF, Report("tiny", (READY, WORKERS)), whole=False)
    assert (INIT, READY, WORKERS, scenarios.LATER) == after.report.results
    assert "serve" == looked_at(after)


def test_all_checks() -> None:
    """After a run of all checks nothing older is left, and what could not be looked at before is forgotten."""
    before = replace(HALF, trouble=Trouble("The checks cannot run.", "Mend them."), checking=True)
    after = model.checked(before, Report("tiny", (INIT, NOT_WORKERS)), whole=True)
    assert ((INIT, NOT_WORKERS), None, False) == (after.report.results, after.trouble, after.checking)


def test_chosen_step_stays() -> None:
    """A step that the learner looks at stays in view while others turn green."""
    chosen = model.pressed(HALF, Key.UP)
    after = model.checked(chosen, Report("tiny", (READY, WORKERS)), whole=False)
    assert ("init", "serve") == (looked_at(after), after.current and after.current.id)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ([Key.UP], "init"),
        ([Key.UP, Key.UP, Key.UP], "init"),
        ([Key.DOWN, Key.DOWN], "scale"),
        ([Key.DOWN] * 9, "end"),
        ([Key.DOWN, Key.HERE], "join"),
        ([Key.DOWN, Key.UP], "join"),
    ],
)
def test_keys(keys: list[Key], expected: str) -> None:
    """The arrows look at other steps and stop at the ends; Esc leads back to where the learner is."""
    watch = HALF
    for key in keys:
        watch = model.pressed(watch, key)
    assert expected == looked_at(watch)


def test_back_where_the_learner_is() -> None:
    """Whoever comes back to the step they are at follows again when it is done."""
    watch = model.pressed(model.pressed(HALF, Key.DOWN), Key.UP)
    assert watch.chosen is None


def test_scrolling() -> None:
    """Text is scrolled by pages, never above its top; another step begins at its top."""
    down = model.pressed(HALF, Key.PAGE_DOWN)
    assert (5, 0) == (down.scroll, model.pressed(model.pressed(down, Key.PAGE_UP), Key.PAGE_UP).scroll)
    assert 0 == model.pressed(down, Key.DOWN).scroll


def test_presence(tmp_path: Path) -> None:
    """A cluster is up if a node is, halted if none is, and being started until its start is sealed."""
    up = helpers.cluster(tmp_path, "node1", "node2")
    stopped = helpers.LocalNode(tmp_path, "node1", state=NodeState.STOPPED)
    halted = Cluster(ClusterId("tiny"), "local", (stopped,), complete=True)
    partly = replace(halted, nodes=(stopped, up.nodes[1]))
    found = [model.presence(one) for one in (None, replace(up, complete=False), halted, partly, up)]
    assert [Presence.ABSENT, Presence.STARTING, Presence.HALTED, Presence.UP, Presence.UP] == found


def test_gone() -> None:
    """Of a cluster that is not there nothing is known any more, not even what was done on it."""
    known = replace(HALF, progress=Progress("tiny", here={"init": Reached.PASSED}))
    after = model.seen(known, None, Picture(), None)
    assert (Presence.ABSENT, (), frozenset()) == (after.presence, after.report.results, after.done)


def test_halted(tmp_path: Path) -> None:
    """While a cluster is halted, the steps that were done on it are still told."""
    known = replace(HALF, progress=Progress("tiny", here={"init": Reached.PASSED}))
    node = helpers.LocalNode(tmp_path, state=NodeState.STOPPED)
    after = model.seen(known, Cluster(ClusterId("tiny"), "local", (node,), complete=True), Picture(), None)
    assert (Presence.HALTED, frozenset({"init"})) == (after.presence, after.done)


def test_trouble_with_looking() -> None:
    """Where the cluster cannot be looked for, that is told beside what was known last, until it can be."""
    trouble = Trouble("No engine answers.", "Start it.")
    lost = model.seen(HALF, None, Picture(), trouble)
    assert replace(HALF, unseen=trouble) == lost
    assert model.seen(lost, None, Picture(), None).unseen is None


def test_states() -> None:
    """A node that goes down or comes up changes what the checks can see; what runs on it does not."""
    down = replace(HALF, picture=Picture((NodeSight("node1", state="stopped"),)))
    up = replace(HALF, picture=Picture((NodeSight("node1"),)))
    assert model.states(down) != model.states(up)
    assert model.states(up) == model.states(replace(up, picture=Picture((scenarios.NODES[0],))))


def test_hints() -> None:
    """The hints of a step are those that its results ask for, weakest first."""
    step = scenarios.STEPS[1]
    assert ("There are two tokens.", scenarios.HINT) == tuple(hint.text for hint in HALF.help(step).waiting)


def test_skipped_is_not_done() -> None:
    """A step whose checks were skipped is not done."""
    assert frozenset({"init"}) == scenarios.watch(INIT, replace(READY, outcome=Outcome.SKIPPED)).done
