"""What `labs check` and plain pytest say of a real cluster."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import LABS_TREE, LabsRunner
from tests.docker.conftest import run_docker

pytestmark = pytest.mark.usefixtures("clean")


def _outcomes(labs: LabsRunner, *argv: str) -> tuple[int, dict[str, str]]:
    done = labs("check", "trio", "--json", "--patience", "0", *argv)
    results = json.loads(done.stdout)["results"]
    return done.returncode, {result["check"]: result["outcome"] for result in results}


def test_a_fresh_cluster_has_not_reached_anything(labs: LabsRunner) -> None:
    """On a fresh cluster the first step's check fails with what was seen, and the next step's are skipped."""
    labs("start", "trio")
    status, outcomes = _outcomes(labs)
    assert 1 == status
    assert {
        "test_node1_is_active": "failed",
        "test_the_note_is_there": "passed",
        "test_three_nodes_are_ready": "skipped",
        "test_node3_is_active": "skipped",
    } == outcomes
    shown = labs("check").stdout
    for text in ("node1 is in a swarm", "the swarm on node1: inactive", "the swarm on node1: active", "docker info"):
        assert text in shown


def test_play_makes_every_check_pass(labs: LabsRunner) -> None:
    """After play all checks pass with exit status 0, and playing again finds everything done."""
    labs("start", "trio")
    played = labs("play")
    assert 0 == played.returncode, played.stdout + played.stderr
    assert (0, {"passed"}) == (labs("check").returncode, set(_outcomes(labs)[1].values()))
    assert "already done" in labs("play").stdout


def test_play_goes_on_where_the_learner_is(labs: LabsRunner) -> None:
    """Play fills in what an earlier step captures though the learner typed that step."""
    labs("start", "trio")
    labs("exec", "node1", "--", "docker", "swarm", "init", "--advertise-addr", "eth0")
    played = labs("play")
    assert 0 == played.returncode, played.stdout + played.stderr
    assert "SWMTKN-1-" in played.stdout


def test_a_dead_node_is_no_failure_of_the_learner(labs: LabsRunner, environment: dict[str, str]) -> None:
    """A check on a node that is down could not be checked: an error, exit status 4, and never 'failed'."""
    labs("start", "trio")
    labs("play")
    run_docker("kill", f"{environment['LABS_PROJECT']}-trio-node3")
    status, outcomes = _outcomes(labs)
    assert (4, "error") == (status, outcomes["test_node3_is_active"])
    assert "could not check: node3 is down." in labs("check", "--patience", "0").stdout


def test_a_frozen_node_is_no_failure_of_the_learner(labs: LabsRunner, environment: dict[str, str]) -> None:
    """A node that cannot be asked could not be checked."""
    labs("start", "trio")
    labs("play")
    name = f"{environment['LABS_PROJECT']}-trio-node3"
    run_docker("pause", name)
    try:
        assert (4, {"test_node3_is_active": "error"}) == (
            _outcomes(labs)[0],
            {check: outcome for check, outcome in _outcomes(labs)[1].items() if check == "test_node3_is_active"},
        )
    finally:
        run_docker("unpause", name)


def test_a_dead_engine_is_no_failure_of_the_learner(labs: LabsRunner) -> None:
    """With no engine at all, check ends with 4 and says what to do."""
    done = labs("check", "trio", env={"DOCKER_HOST": "unix:///nonexistent/docker.sock"})
    assert 4 == done.returncode
    assert "labs doctor" in done.stderr


def test_plain_pytest_runs_the_checks(labs: LabsRunner, environment: dict[str, str], tmp_path: Path) -> None:
    """With a cluster running, plain pytest runs the same checks and keeps errors apart from failures."""
    labs("start", "trio")
    labs("play")
    done = _pytest(environment, tmp_path)
    assert "4 passed" in done.stdout, done.stdout
    run_docker("kill", f"{environment['LABS_PROJECT']}-trio-node3")
    done = _pytest(environment, tmp_path)
    assert 1 == done.returncode
    assert "1 error" in done.stdout, done.stdout


def _pytest(environment: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    file = LABS_TREE / "checks" / "test_trio.py"
    argv = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(file)]
    return subprocess.run(argv, env=environment, cwd=folder, capture_output=True, text=True, check=False, timeout=120)


def test_verify_proves_the_lab(labs: LabsRunner) -> None:
    """Verify finds that the lab's note check passes before its step, and ends with 3; its cluster is gone after."""
    done = labs("verify", "trio")
    assert 3 == done.returncode
    assert "✗ its checks fail before it" in done.stdout
    assert "test_the_note_is_there passed" in done.stdout
    assert "trio.verify" not in labs("status").stdout
