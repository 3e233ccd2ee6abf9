"""Play a lesson: run its commands on the nodes, as a learner would."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from runner import retry
from runner.errors import HostError
from runner.lessons.model import PLACEHOLDER, Command
from runner.nodes.driver_interface import Cluster, ExecResult, Node

# A manager refuses to change an object that the swarm itself has changed since the client read it. The same command
# works when it is typed again.
_LOST_RACE_MESSAGE = "update out of sequence"
_MAX_LOST_RACES = 5
# A command that has not ended by then probably waits for something that never happens.
_COMMAND_TIMEOUT_SECONDS = 180
# Exit statuses of `timeout`: the command ended after SIGTERM, or ignored it and was killed.
_TIMEOUT_EXIT_STATUSES = (124, 137)
# Enough for a token, an address or an id; a malicious node could print gigabytes.
_MAX_CAPTURE_LENGTH = 4096


class ScriptRunner(Protocol):
    """Runs a script on a node."""

    @property
    def next_script_timeout_seconds(self) -> float:
        """How long the script may take."""
        ...

    def run_script(self, node: Node, script: str) -> ExecResult:
        """Run the script and wait until it ends."""
        ...


@dataclass(frozen=True, slots=True)
class ShellScriptRunner:
    """Runs trusted scripts, such as those of a lesson."""

    next_script_timeout_seconds: float = _COMMAND_TIMEOUT_SECONDS

    def run_script(self, node: Node, script: str) -> ExecResult:
        """Run a script in a shell that exits at the first command that fails."""
        return node.run_command(
            ["timeout", "--kill-after=5", f"{self.next_script_timeout_seconds:g}", "bash", "-ec", script]
        )


@dataclass(frozen=True, slots=True)
class CommandResult:
    """The result of a command that ran on a node.

    Attributes:
        command: The command in the lesson.
        node: The name of the node.
        script: The script that ran, with placeholders filled in.
        output: Its output, including errors.
        mismatch: How the result differs from what the lesson says; empty if it does not.
        exit_status: Its exit status.

    """

    command: Command
    node: str
    script: str
    output: str
    mismatch: str
    exit_status: int = 0


class LessonPlayer:
    """Runs commands on the nodes of a cluster, and keeps the output that they capture.

    Args:
        cluster: A running cluster.
        script_runner: Runs the scripts; by default, without restrictions.

    """

    def __init__(self, cluster: Cluster, script_runner: ScriptRunner | None = None) -> None:
        self._script_runner = script_runner or ShellScriptRunner()
        self._cluster_id = cluster.id
        self._nodes = {node.name: node for node in cluster.nodes}
        self._captured: dict[str, str] = {}

    def play_commands(self, commands: Iterable[Command]) -> Iterator[CommandResult]:
        """Run commands one after another, and stop after the first that does not do what the lesson says.

        Raises:
            HostError: A node cannot be reached or does not exist.

        """
        for command in commands:
            for node_name in command.nodes:
                result = self.run_command_with_retries(command, node_name)
                yield result
                if result.mismatch:
                    return

    def rerun_capturing_commands(self, commands: Iterable[Command]) -> None:
        """Run only the commands of completed steps that capture output, because later commands use that output."""
        for command in commands:
            if command.capture_name:
                self.run_command_with_retries(command, command.nodes[-1])

    def run_command_with_retries(self, command: Command, node_name: str) -> CommandResult:
        """Run one command on a node; repeat it until it does what the lesson says or its retry time is over.

        A command that failed because the swarm changed the same object at the same moment is repeated in any case.

        Raises:
            HostError: The node cannot be reached or does not exist.

        """
        node = self._find_node(node_name)
        started, lost_races = time.monotonic(), 0
        while True:
            result = self._run_once(command, node)
            seconds = time.monotonic() - started
            has_lost_race = _LOST_RACE_MESSAGE in result.output and lost_races < _MAX_LOST_RACES
            lost_races += has_lost_race
            if not result.mismatch or not (has_lost_race or seconds < command.retry_seconds):
                return result
            time.sleep(retry.calculate_retry_pause(seconds))

    def _find_node(self, name: str) -> Node:
        if name not in self._nodes:
            raise HostError(
                f"The cluster '{self._cluster_id}' has no node {name}: the lesson has changed since it was created.",
                f"'labs reset {self._cluster_id.lab}' creates it again; everything on its nodes is lost.",
            )
        return self._nodes[name]

    def _run_once(self, command: Command, node: Node) -> CommandResult:
        script = self._fill_placeholders(command.script)
        started, timeout_seconds = time.monotonic(), self._script_runner.next_script_timeout_seconds
        result = self._script_runner.run_script(node, script)
        output = result.stdout_text + result.stderr_text
        if command.capture_name:
            self._captured[command.capture_name] = result.stdout_text.strip()[:_MAX_CAPTURE_LENGTH]
        mismatch = ""
        if result.exit_status != command.exit_status:
            mismatch = f"it exited with {result.exit_status}, not with {command.exit_status}"
            # The script may use `timeout` itself, and the clock of a VM may run a little faster than the host's.
            is_timeout = time.monotonic() - started > 0.9 * timeout_seconds
            if result.exit_status in _TIMEOUT_EXIT_STATUSES and is_timeout:
                mismatch = f"it did not finish within {timeout_seconds:g} s"
        elif line := find_missing_output_line(
            [self._fill_placeholders(line) for line in command.expected_output], output
        ):
            mismatch = f"its output has no line '{line}' where the lesson shows one"
        return CommandResult(command, node.name, script, output, mismatch, result.exit_status)

    def _fill_placeholders(self, text: str) -> str:
        return PLACEHOLDER.sub(lambda match: self._captured.get(match[1], match[0]), text)


def find_missing_output_line(expected_lines: Iterable[str], output: str) -> str | None:
    """Return the first expected line that the output lacks after the lines before it; None if it has all.

    Args:
        expected_lines: Lines in which `...` matches any text, and whitespace matches any other whitespace.
        output: The output of a command.

    """
    lines = iter([" ".join(line.split()) for line in output.splitlines()])
    for expected in expected_lines:
        fragments = " ".join(expected.split()).split("...")
        if not any(_matches(line, fragments) for line in lines):
            return expected
    return None


def _matches(line: str, fragments: Sequence[str]) -> bool:
    """Return whether a line consists of these fragments in order, with any text between them.

    This is not a regular expression, because an untrusted pattern or output could make one run forever.
    """
    first, *middle = fragments
    if not middle:
        return line == first
    last = middle.pop()
    position, end = len(first), len(line) - len(last)
    if position > end or not (line.startswith(first) and line.endswith(last)):
        return False
    for fragment in middle:
        index = line.find(fragment, position, end)
        if index < 0:
            return False
        position = index + len(fragment)
    return True
