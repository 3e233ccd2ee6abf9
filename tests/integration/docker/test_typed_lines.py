"""Lines that were typed on a terminal do the same on a real node when their blocks run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from runner.clusters import lookup
from runner.grading.limited_runner import LimitedRunner
from runner.grading.resource_limits import ResourceLimits
from runner.progress.shell_record import HistoryEntry
from tests.support.typed_lines import list_scripts, make_entry

RunOnNode = Callable[..., str]


@pytest.fixture
def run_on_node(trio: str, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> RunOnNode:
    """Return a function that runs the blocks for lines on a node as the grader does, and then a script."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    node = lookup.survey_clusters().require_running_node("node1", trio)
    runner = LimitedRunner(ResourceLimits())

    def run(*entries: HistoryEntry, then: str) -> str:
        for script in (*list_scripts(*entries), then):
            runner.start_block_timer()
            result = runner.run_script(node, script)
        return result.stdout_text.strip()

    return run


def test_interrupted_program(run_on_node: RunOnNode) -> None:
    """A program that was ended with Ctrl-C while other lines were typed runs between its start and its end."""
    state = "docker inspect --format '{{.State.Status}}' fg"
    output = run_on_node(
        make_entry(
            "docker run --name fg busybox sh -c 'trap exit INT; sleep 99 & wait'", 10, seconds=60, is_interrupted=True
        ),
        make_entry(f"{state} > during; cat during", 13),
        then=f"cat during; {state}",
    )
    assert ["running", "exited"] == output.split()


def test_running_program(run_on_node: RunOnNode) -> None:
    """A program that ran in the foreground when the submission was written goes on after its block."""
    entry = make_entry("cd /tmp && docker run --rm --name on busybox sleep 300", is_running=True)
    assert "running" == run_on_node(entry, then="docker inspect --format '{{.State.Status}}' on")


def test_shell_in_a_container(run_on_node: RunOnNode) -> None:
    """What was typed into a shell in a container is done there."""
    output = run_on_node(
        make_entry("docker run -it -d --name box busybox", 10),
        make_entry("docker exec -it box sh", 20, keys="cat > /f\rone\r\x04echo two >> /x\x7ff\r\x04"),
        make_entry("docker exec -it box touch /g", 30),
        then="docker exec box sh -c 'cat /f; ls /g'",
    )
    assert ["one", "two", "/g"] == output.split()


def test_typed_input(run_on_node: RunOnNode) -> None:
    """What was typed into commands reaches them, with and without a line feed at its end."""
    output = run_on_node(
        make_entry("cat > typed", 10, typed_input=("a $HOME\n\tb\n",)),
        make_entry("cat | tee bare", 20, typed_input=("c",)),
        make_entry("read NAME", 30, typed_input=("d\n",)),
        then='cat typed; wc -c < bare; echo "$NAME"',
    )
    assert ["a $HOME", "\tb", "1", "d"] == output.split("\n")
