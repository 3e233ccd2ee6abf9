"""Hints, solutions, `labs goto` and `labs reset` on a real node."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.labs_command import LabsRunner

DockerOnNode = Callable[..., None]


@pytest.fixture(autouse=True)
def _remove_ladder(labs: LabsRunner, environment: dict[str, str]) -> Iterator[None]:
    labs("rm", "ladder")
    _progress_file(environment).unlink(missing_ok=True)
    yield
    labs("rm", "ladder")


@pytest.fixture
def on_node1(labs: LabsRunner) -> DockerOnNode:
    """Return a function that runs a docker command on the node, as a learner does."""

    def run(*argv: str) -> None:
        result = labs("exec", "--lab", "ladder", "node1", "--", "docker", *argv)
        assert 0 == result.returncode, result.stderr

    return run


def _progress_file(environment: dict[str, str]) -> Path:
    return Path(environment["XDG_STATE_HOME"]) / "labs" / environment["LABS_PROJECT"] / "progress" / "ladder.json"


def _list_passed_steps(environment: dict[str, str]) -> list[str]:
    steps = json.loads(_progress_file(environment).read_text("utf-8"))["steps"]
    return sorted(step for step, record in steps.items() if record["passed_at"])


def _list_passing_checks(labs: LabsRunner) -> list[str]:
    results = json.loads(labs("check", "ladder", "--json", "--patience", "0").stdout)["results"]
    return [result["check"] for result in results if result["outcome"] == "passed"]


def test_goto_starts_the_lab(labs: LabsRunner, environment: dict[str, str]) -> None:
    """Goto starts the lab and plays only the earlier steps, which do not count as passed by the learner."""
    result = labs("goto", "ladder", "alone")
    assert 0 == result.returncode, result.stderr
    assert "Everything before 'Do it alone' is done." in result.stdout
    assert ["Make a swarm", "Make volumes"] == re.findall(r"^(Make [av].*) \.\.\.", result.stderr, re.MULTILINE)
    assert ["test_node1_is_active", "test_first_knows_the_node", "test_second_exists"] == _list_passing_checks(labs)
    assert [] == _list_passed_steps(environment)
    assert "0/5 steps passed, 3 played for you" in labs("status").stdout


def test_goto_plays_what_is_missing(labs: LabsRunner, on_node1: DockerOnNode, environment: dict[str, str]) -> None:
    """Goto skips the steps that the learner has done, captures their values, and records them as passed."""
    labs("start", "ladder")
    on_node1("swarm", "init")
    result = labs("goto", "alone")
    assert 0 == result.returncode, result.stderr
    assert "Make a swarm" not in result.stderr
    assert 3 == len(_list_passing_checks(labs))
    assert ["swarm"] == _list_passed_steps(environment)


def test_goto_twice(labs: LabsRunner, on_node1: DockerOnNode) -> None:
    """Goto to the current step plays nothing and says so, even if the step is begun."""
    labs("goto", "ladder", "volumes")
    assert labs("goto", "volumes").stdout.startswith("You are already at 'Make volumes'.")
    on_node1("volume", "create", "second")
    assert labs("goto", "volumes").stdout.startswith("You are already at 'Make volumes' and have begun it.")


def test_goto_backwards(labs: LabsRunner) -> None:
    """Goto to an earlier step changes nothing and exits with 1; `labs reset --step` gets there."""
    labs("goto", "ladder", "alone")
    refused = labs("goto", "volumes")
    assert (1, "") == (refused.returncode, refused.stdout)
    assert "The cluster is already past 'Make volumes': the checks of this step pass." in refused.stderr
    assert "'labs reset ladder --step volumes' takes you there on fresh nodes" in refused.stderr
    result = labs("reset", "--step", "volumes")
    assert 0 == result.returncode, result.stderr
    assert "Reset ladder; everything before 'Make volumes' is done." in result.stdout
    assert ["test_node1_is_active"] == _list_passing_checks(labs)


def test_goto_over_a_begun_step(labs: LabsRunner, on_node1: DockerOnNode) -> None:
    """Goto does not play a step that is half done."""
    labs("goto", "ladder", "volumes")
    on_node1("volume", "create", "second")
    refused = labs("goto", "alone")
    assert 1 == refused.returncode
    assert "'Make volumes' is partly done (1 of 2 checks pass)" in refused.stderr
    assert ["test_node1_is_active", "test_second_exists"] == _list_passing_checks(labs)


def test_goto_after_a_change(labs: LabsRunner, on_node1: DockerOnNode) -> None:
    """Goto reports a step that was done and no longer passes, and does not play it again."""
    labs("goto", "ladder", "alone")
    on_node1("swarm", "leave", "--force")
    refused = labs("goto", "alone")
    assert 1 == refused.returncode
    assert "'Make a swarm' was completed on this cluster, but its checks no longer pass." in refused.stderr


def test_goto_with_failing_checks(labs: LabsRunner, on_node1: DockerOnNode, environment: dict[str, str]) -> None:
    """If checks still fail after a step is played, goto exits with 1, their failures, and advice."""
    labs("goto", "ladder", "volumes")
    on_node1("volume", "create", "first")
    result = labs("goto", "alone")
    assert 1 == result.returncode
    assert "first has no label; expected: a label node" in result.stderr
    assert "'labs reset ladder --step volumes' takes you to this step on fresh nodes" in result.stderr
    assert "volumes" not in json.loads(_progress_file(environment).read_text("utf-8"))["completed_on_cluster"]


def test_goto_after_a_stop(labs: LabsRunner) -> None:
    """Goto resumes a stopped lab and continues from its state."""
    labs("goto", "ladder", "volumes")
    labs("stop")
    result = labs("goto", "ladder", "alone")
    assert 0 == result.returncode, result.stderr
    assert "Make a swarm" not in result.stderr
    assert 3 == len(_list_passing_checks(labs))


def test_reset_keeps_progress(labs: LabsRunner, on_node1: DockerOnNode, environment: dict[str, str]) -> None:
    """After a reset the learner begins at the first step, and sees how to return to where they were."""
    labs("start", "ladder")
    on_node1("swarm", "init")
    labs("check")
    assert 0 == labs("reset").returncode
    assert ["swarm"] == _list_passed_steps(environment)
    shown = labs("status").stdout
    assert "Next: Make a swarm" in shown
    assert "labs goto ladder read" in shown


def test_reset_to_unknown_step(labs: LabsRunner, on_node1: DockerOnNode) -> None:
    """Reset rejects an unknown step before it removes anything."""
    labs("start", "ladder")
    on_node1("swarm", "init")
    result = labs("reset", "--step", "volume")
    assert (2, "Did you mean volumes?") == (result.returncode, result.stderr.splitlines()[-1])
    assert ["test_node1_is_active"] == _list_passing_checks(labs)


def test_hints_depend_on_the_cluster(labs: LabsRunner, on_node1: DockerOnNode) -> None:
    """A hint for a check is shown when that check fails as the hint says, for the first step that is not done."""
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


def test_solution_after_the_pass(labs: LabsRunner, on_node1: DockerOnNode, environment: dict[str, str]) -> None:
    """The solution of a challenge is shown once its checks pass, even before `labs check` has run."""
    labs("goto", "ladder", "alone")
    assert 1 == labs("solution").returncode
    on_node1("volume", "create", "third")
    result = labs("solution", "alone")
    assert 0 == result.returncode, result.stderr
    assert "docker volume create third" in result.stdout
    assert ["alone"] == _list_passed_steps(environment)


def test_check_shows_the_next_step(labs: LabsRunner, on_node1: DockerOnNode) -> None:
    """Check congratulates once after a passed step and names the next step, and at the end says that all is done."""
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
    assert "All 4 checks passed.\nYou have completed every step of 'Ladder'. Well done!\n" in shown
    assert "3/5 steps passed, 2 played for you" in labs("status").stdout
