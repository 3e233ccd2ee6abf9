"""A learner's way through a lab on a real node: hints, solutions, and getting to a step."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import LabsRunner

On = Callable[..., None]


@pytest.fixture(autouse=True)
def _ladder(labs: LabsRunner, environment: dict[str, str]) -> Iterator[None]:
    labs("rm", "ladder")
    _record(environment).unlink(missing_ok=True)
    yield
    labs("rm", "ladder")


@pytest.fixture
def on_node1(labs: LabsRunner) -> On:
    """Return what runs a docker command on the node, as a learner does."""

    def run(*words: str) -> None:
        done = labs("exec", "--lab", "ladder", "node1", "--", "docker", *words)
        assert 0 == done.returncode, done.stderr

    return run


def _record(environment: dict[str, str]) -> Path:
    return Path(environment["XDG_STATE_HOME"]) / "labs" / environment["LABS_PROJECT"] / "progress" / "ladder.json"


def _passed(environment: dict[str, str]) -> list[str]:
    steps = json.loads(_record(environment).read_text("utf-8"))["steps"]
    return sorted(step for step, record in steps.items() if record["passed"])


def _passing(labs: LabsRunner) -> list[str]:
    results = json.loads(labs("check", "ladder", "--json", "--patience", "0").stdout)["results"]
    return [result["check"] for result in results if result["outcome"] == "passed"]


def test_goto_starts_the_lab(labs: LabsRunner, environment: dict[str, str]) -> None:
    """Goto starts the lab, plays what comes before the step and no more, and that is no pass of the learner's."""
    done = labs("goto", "ladder", "alone")
    assert 0 == done.returncode, done.stderr
    assert "Everything before 'Do it alone' is done." in done.stdout
    assert ["Make a swarm", "Make volumes"] == re.findall(r"^(Make [av].*) \.\.\.", done.stderr, re.MULTILINE)
    assert ["test_node1_is_active", "test_first_knows_the_node", "test_second_is_there"] == _passing(labs)
    assert [] == _passed(environment)
    assert "0/5 steps passed, 3 played for you" in labs("status").stdout


def test_goto_plays_what_is_missing(labs: LabsRunner, on_node1: On, environment: dict[str, str]) -> None:
    """Goto leaves alone what the learner has done, fills in what that printed, and notes it as passed."""
    labs("start", "ladder")
    on_node1("swarm", "init")
    done = labs("goto", "alone")
    assert 0 == done.returncode, done.stderr
    assert "Make a swarm" not in done.stderr
    assert 3 == len(_passing(labs))
    assert ["swarm"] == _passed(environment)


def test_goto_twice(labs: LabsRunner, on_node1: On) -> None:
    """Going to where one is plays nothing, and says so; also where the step is begun."""
    labs("goto", "ladder", "volumes")
    assert labs("goto", "volumes").stdout.startswith("You are already at 'Make volumes'.")
    on_node1("volume", "create", "second")
    assert labs("goto", "volumes").stdout.startswith("You are already at 'Make volumes' and have begun it.")


def test_goto_backwards(labs: LabsRunner) -> None:
    """A cluster past the step is left as it is, with 1 and what gets there; reset --step then does."""
    labs("goto", "ladder", "alone")
    refused = labs("goto", "volumes")
    assert (1, "") == (refused.returncode, refused.stdout)
    assert "The cluster is already past 'Make volumes': the checks of this step pass." in refused.stderr
    assert "'labs reset ladder --step volumes' gets there on fresh nodes" in refused.stderr
    done = labs("reset", "--step", "volumes")
    assert 0 == done.returncode, done.stderr
    assert "Reset ladder; everything before 'Make volumes' is done." in done.stdout
    assert ["test_node1_is_active"] == _passing(labs)


def test_goto_over_something_begun(labs: LabsRunner, on_node1: On) -> None:
    """A step that is half done is not typed over."""
    labs("goto", "ladder", "volumes")
    on_node1("volume", "create", "second")
    refused = labs("goto", "alone")
    assert 1 == refused.returncode
    assert "'Make volumes' is partly done (1 of 2 checks pass)" in refused.stderr
    assert ["test_node1_is_active", "test_second_is_there"] == _passing(labs)


def test_goto_off_the_way(labs: LabsRunner, on_node1: On) -> None:
    """What was done and does not hold any more is told, and not done again on top of the rest."""
    labs("goto", "ladder", "alone")
    on_node1("swarm", "leave", "--force")
    refused = labs("goto", "alone")
    assert 1 == refused.returncode
    assert "'Make a swarm' was completed on this cluster, but its checks no longer pass." in refused.stderr


def test_goto_what_cannot_be_played(labs: LabsRunner, on_node1: On, environment: dict[str, str]) -> None:
    """Where playing does not lead to what the checks want, it ends with 1, what they say, and a way out."""
    labs("goto", "ladder", "volumes")
    on_node1("volume", "create", "first")
    done = labs("goto", "alone")
    assert 1 == done.returncode
    assert "first has no label; expected: a label node" in done.stderr
    assert "'labs reset ladder --step volumes' gets to this step on fresh nodes" in done.stderr
    assert "volumes" not in json.loads(_record(environment).read_text("utf-8"))["here"]


def test_goto_after_a_stop(labs: LabsRunner) -> None:
    """Goto brings a halted lab up again and goes on from what it held."""
    labs("goto", "ladder", "volumes")
    labs("stop")
    done = labs("goto", "ladder", "alone")
    assert 0 == done.returncode, done.stderr
    assert "Make a swarm" not in done.stderr
    assert 3 == len(_passing(labs))


def test_reset_keeps_what_was_passed(labs: LabsRunner, on_node1: On, environment: dict[str, str]) -> None:
    """After a reset the learner begins at the first step, and is told how to get to where they were."""
    labs("start", "ladder")
    on_node1("swarm", "init")
    labs("check")
    assert 0 == labs("reset").returncode
    assert ["swarm"] == _passed(environment)
    shown = labs("status").stdout
    assert "Next: Make a swarm" in shown
    assert "labs goto ladder read" in shown


def test_reset_to_no_step(labs: LabsRunner, on_node1: On) -> None:
    """A step that there is not is refused before anything is thrown away."""
    labs("start", "ladder")
    on_node1("swarm", "init")
    done = labs("reset", "--step", "volume")
    assert (2, "Did you mean volumes?") == (done.returncode, done.stderr.splitlines()[-1])
    assert ["test_node1_is_active"] == _passing(labs)


def test_hints_look_at_the_cluster(labs: LabsRunner, on_node1: On) -> None:
    """A hint for a failed check comes once that check fails as the hint says; the step is the one not done now."""
    labs("start", "ladder")
    assert "Look at docker swarm --help." in labs("hint").stdout
    on_node1("swarm", "init")
    assert "See docker volume." in labs("hint").stdout
    on_node1("volume", "create", "first")
    shown = labs("hint").stdout
    assert "for 'The volume first is labelled with its node'" in shown
    assert "A label is given with --label." in shown
    on_node1("volume", "create", "second")
    assert "The other one is called second." not in labs("hint").stdout


def test_solution_after_the_pass(labs: LabsRunner, on_node1: On, environment: dict[str, str]) -> None:
    """A challenge's solution is shown once its checks pass, whether or not `labs check` has seen that."""
    labs("goto", "ladder", "alone")
    assert 1 == labs("solution").returncode
    on_node1("volume", "create", "third")
    done = labs("solution", "alone")
    assert 0 == done.returncode, done.stderr
    assert "docker volume create third" in done.stdout
    assert ["alone"] == _passed(environment)


def test_check_says_what_comes_next(labs: LabsRunner, on_node1: On) -> None:
    """After a pass check says something warm, once, and leads on; in the end it says that all is done."""
    labs("start", "ladder")
    on_node1("swarm", "init")
    shown = labs("check").stdout
    assert "Well done: 'Make a swarm'." in shown
    assert ["Next: Read about it", "  labs show ladder read  read the step", "  labs hint ladder read  get a hint"] == (
        shown.splitlines()[-3:]
    )
    assert "Well done" not in labs("check").stdout
    labs("play", "--to", "volumes")
    on_node1("volume", "create", "third")
    shown = labs("check").stdout
    assert "All 4 checks pass.\nYou have completed every step of 'Ladder'. Well done!\n" in shown
    assert "3/5 steps passed, 2 played for you" in labs("status").stdout
