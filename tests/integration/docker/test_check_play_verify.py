"""`labs check` and plain pytest on a real cluster."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.docker_leftovers import run_docker
from tests.support.labs_command import LABS_TREE, LabsRunner

pytestmark = pytest.mark.usefixtures("clean")


def _read_outcomes(labs: LabsRunner, *argv: str) -> tuple[int, dict[str, str]]:
    result = labs("check", "trio", "--json", "--patience", "0", *argv)
    results = json.loads(result.stdout)["results"]
    return result.returncode, {result["check"]: result["outcome"] for result in results}


def test_fresh_cluster(labs: LabsRunner) -> None:
    """On a fresh cluster the check of the first step fails with what it observed, and later checks are skipped."""
    labs("start", "trio")
    status, outcomes = _read_outcomes(labs)
    assert 1 == status
    assert {
        "test_node1_is_active": "failed",
        "test_note_exists": "passed",
        "test_three_nodes_are_ready": "skipped",
        "test_node3_is_active": "skipped",
    } == outcomes
    shown = labs("check").stdout
    for text in ("node1 is in a swarm", "the swarm on node1: inactive", "the swarm on node1: active", "docker info"):
        assert text in shown


def test_play_passes_all_checks(labs: LabsRunner) -> None:
    """After `labs play` all checks pass with exit status 0, and a second play has nothing to do."""
    labs("start", "trio")
    played = labs("play")
    assert 0 == played.returncode, played.stdout + played.stderr
    assert (0, {"passed"}) == (labs("check").returncode, set(_read_outcomes(labs)[1].values()))
    assert "already done" in labs("play").stdout


def test_play_resumes(labs: LabsRunner) -> None:
    """Play captures values from an earlier step even if the learner completed that step."""
    labs("start", "trio")
    labs("exec", "node1", "--", "docker", "swarm", "init", "--advertise-addr", "eth0")
    played = labs("play")
    assert 0 == played.returncode, played.stdout + played.stderr
    assert "SWMTKN-1-" in played.stdout


def test_dead_node_is_an_error(labs: LabsRunner, environment: dict[str, str]) -> None:
    """A check of a node that is down ends with an error and exit status 4, not with 'failed'."""
    labs("start", "trio")
    labs("play")
    run_docker("kill", f"{environment['LABS_PROJECT']}-trio-node3")
    status, outcomes = _read_outcomes(labs)
    assert (4, "error") == (status, outcomes["test_node3_is_active"])
    assert "could not check: node3 is down." in labs("check", "--patience", "0").stdout


def test_frozen_node_is_an_error(labs: LabsRunner, environment: dict[str, str]) -> None:
    """A check of a node that does not answer ends with an error."""
    labs("start", "trio")
    labs("play")
    name = f"{environment['LABS_PROJECT']}-trio-node3"
    run_docker("pause", name)
    try:
        assert (4, {"test_node3_is_active": "error"}) == (
            _read_outcomes(labs)[0],
            {check: outcome for check, outcome in _read_outcomes(labs)[1].items() if check == "test_node3_is_active"},
        )
    finally:
        run_docker("unpause", name)


def test_dead_host_engine_is_an_error(labs: LabsRunner) -> None:
    """Without a host engine, check exits with 4 and says what to do."""
    result = labs("check", "trio", env={"DOCKER_HOST": "unix:///nonexistent/docker.sock"})
    assert 4 == result.returncode
    assert "labs doctor" in result.stderr


def test_plain_pytest_runs_the_checks(labs: LabsRunner, environment: dict[str, str], tmp_path: Path) -> None:
    """With a running cluster, plain pytest runs the same checks and reports errors separately from failures."""
    labs("start", "trio")
    labs("play")
    result = _run_pytest(environment, tmp_path)
    assert "4 passed" in result.stdout, result.stdout
    run_docker("kill", f"{environment['LABS_PROJECT']}-trio-node3")
    result = _run_pytest(environment, tmp_path)
    assert 1 == result.returncode
    assert "1 error" in result.stdout, result.stdout


def _run_pytest(environment: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    file = LABS_TREE / "checks" / "test_trio.py"
    argv = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(file)]
    return subprocess.run(argv, env=environment, cwd=folder, capture_output=True, text=True, check=False, timeout=120)


def test_verify(labs: LabsRunner) -> None:
    """Verify finds a check that passes before its step, exits with 3, and removes its cluster."""
    result = labs("verify", "trio")
    assert 3 == result.returncode
    assert "✗ checks fail before the step" in result.stdout
    assert "test_note_exists passed" in result.stdout
    assert "trio.verify" not in labs("status").stdout
