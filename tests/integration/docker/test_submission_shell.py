"""Blocks of a submission on real nodes: a shell's memory lasts, and so do processes in the background."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from runner.clusters import lookup
from runner.grading.limited_runner import FailedLine, LimitedRunner
from runner.grading.resource_limits import ResourceLimits
from runner.nodes.driver_interface import ExecResult
from tests.support.helpers import wait_until

RunBlock = Callable[..., ExecResult]


@pytest.fixture
def runner() -> LimitedRunner:
    """Return a runner with the limits of a submission."""
    return LimitedRunner(ResourceLimits())


@pytest.fixture
def run_block(
    trio: str, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, runner: LimitedRunner
) -> RunBlock:
    """Return a function that runs a block on a node as the grader does."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    survey = lookup.survey_clusters()

    def run(script: str, node: str = "node1", seconds: float = 60) -> ExecResult:
        runner.limits = ResourceLimits(block_seconds=seconds)
        runner.start_block_timer()
        return runner.run_script(survey.require_running_node(node, trio), script)

    return run


def test_memory_lasts_between_blocks(run_block: RunBlock) -> None:
    """Variables, aliases and functions last, also after a block on another node; the folder does not."""
    run_block("NAME=first; export PORT=8080; alias d=docker\nlist() { d volume ls --quiet; }; cd /tmp")
    run_block("NAME=other; docker volume create elsewhere", node="node2")
    result = run_block("d volume create $NAME; list; env | grep ^PORT; pwd")
    assert ["first", "first", "PORT=8080", "/root"] == result.stdout_text.split()


def test_lines_after_a_failed_line(run_block: RunBlock, runner: LimitedRunner) -> None:
    """The lines after one that failed are run, and the block reports the line that failed."""
    result = run_block("docker network create kept\ndocker network create kept\ndocker network create after-it")
    assert (1, FailedLine(2, "docker network create kept")) == (result.exit_status, runner.failed_line)
    assert "after-it" in run_block("docker network ls --format '{{.Name}}'").stdout_text.split()


def test_block_after_the_time_limit(run_block: RunBlock) -> None:
    """After a block that ran into its time limit, the next one runs, with what was set before."""
    assert 124 == run_block("NAME=set; docker run --rm --init busybox sleep 300", seconds=5).exit_status
    assert "set" == run_block("echo $NAME").stdout_text.strip()


def test_background_services(run_block: RunBlock) -> None:
    """An application that a block starts in the background runs on after the block, which ends at once."""
    compose = "services:\n  app:\n    image: busybox\n    init: true\n    command: sleep 300\n"
    assert 0 == run_block(f"printf '{compose}' >compose.yaml\ndocker compose up &\nset -m; sleep 400 &").exit_status
    wait_until(lambda: "running" in run_block("docker compose ps --format '{{.State}}'").stdout_text, 60)
    assert 0 == run_block("pgrep --full '^docker compose up' && pkill --full '^sleep 400'").exit_status
    run_block("docker compose down --timeout 1")
