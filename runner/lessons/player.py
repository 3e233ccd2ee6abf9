"""Plays a lesson: types its commands on the nodes, as a learner would."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from runner.errors import HostError
from runner.lessons.model import PLACEHOLDER, Command
from runner.nodes.driver_interface import Cluster, ExecResult, Node

_PAUSE_SECONDS = 0.5
# A command that has not ended by then waits for something that never comes.
_LIMIT_SECONDS = 180
# By `timeout`, the second where the command did not heed the first.
_TIMED_OUT = (124, 137)
# A token, an address, an id; a hostile one would make of one line a gigabyte.
_LONGEST_CAPTURE = 4096


class ScriptRunner(Protocol):
    """How a script is run on a node."""

    @property
    def timeout_seconds(self) -> float:
        """How long it may take."""
        ...

    def run_script(self, node: Node, script: str) -> ExecResult:
        """Run it there and wait for its end."""
        ...


@dataclass(frozen=True, slots=True)
class ShellScriptRunner:
    """Types as a learner does whose commands are known to be sound."""

    timeout_seconds: float = _LIMIT_SECONDS

    def run_script(self, node: Node, script: str) -> ExecResult:
        """Run a script in a shell that ends at the first command that fails."""
        return node.run_command(["timeout", "--kill-after=5", f"{self.timeout_seconds:g}", "bash", "-ec", script])


@dataclass(frozen=True, slots=True)
class CommandResult:
    """A command that was typed on a node.

    Attributes:
        command: The command as the lesson has it.
        node: Where it was typed.
        script: What was typed, placeholders filled in.
        output: What came back, errors included.
        complaint: What differs from what the lesson promises; empty if nothing does.
        exit_status: What it exited with.

    """

    command: Command
    node: str
    script: str
    output: str
    mismatch: str
    exit_status: int = 0


class LessonPlayer:
    """Types commands on a cluster's nodes and remembers what they capture.

    Args:
        cluster: A running cluster.
        hand: How they are typed.

    """

    def __init__(self, cluster: Cluster, script_runner: ScriptRunner | None = None) -> None:
        self._hand = script_runner or ShellScriptRunner()
        self._cluster = cluster.id
        self._nodes = {node.name: node for node in cluster.nodes}
        self._captured: dict[str, str] = {}

    def play_commands(self, commands: Iterable[Command]) -> Iterator[CommandResult]:
        """Type commands one after another; stops after the first that does not do what the lesson promises.

        Raises:
            HostError: A node cannot be reached, or there is none of that name.

        """
        for command in commands:
            for name in command.nodes:
                typed = self.run_command(command, name)
                yield typed
                if typed.mismatch:
                    return

    def rerun_captures(self, commands: Iterable[Command]) -> None:
        """Type only those commands that capture something, for the steps that are done already."""
        for command in commands:
            if command.capture_name:
                self.run_command(command, command.nodes[-1])

    def _node(self, name: str) -> Node:
        if name not in self._nodes:
            raise HostError(
                f"'{self._cluster}' has no node {name}, which its lesson asks for by now.",
                f"'labs reset {self._cluster.lab}' makes it anew; what was done on the nodes is lost then.",
            )
        return self._nodes[name]

    def run_command(self, command: Command, name: str) -> CommandResult:
        """Type one command on the node of a name, again and again for as long as the command says.

        Raises:
            HostError: The node cannot be reached, or there is none of that name.

        """
        node = self._node(name)
        deadline = time.monotonic() + command.retry_seconds
        while True:
            typed = self._type_once(command, node)
            if not typed.mismatch or time.monotonic() >= deadline:
                return typed
            time.sleep(_PAUSE_SECONDS)

    def _type_once(self, command: Command, node: Node) -> CommandResult:
        script = self._filled(command.script)
        began, limit = time.monotonic(), self._hand.timeout_seconds
        done = self._hand.run_script(node, script)
        output = done.text + done.error_text
        if command.capture_name:
            self._captured[command.capture_name] = done.text.strip()[:_LONGEST_CAPTURE]
        complaint = ""
        if done.exit_status != command.exit_status:
            complaint = f"it exited with {done.exit_status}, not with {command.exit_status}"
            # The script may have a `timeout` of its own; and a machine's clock may run a little faster than ours.
            if done.exit_status in _TIMED_OUT and time.monotonic() - began > 0.9 * limit:
                complaint = f"it did not end within {limit:g} s"
        elif missing := find_missing_line([self._filled(line) for line in command.expected_output], output):
            complaint = f"its output has no line '{missing}' where the lesson shows one"
        return CommandResult(command, node.name, script, output, complaint, done.exit_status)

    def _filled(self, text: str) -> str:
        return PLACEHOLDER.sub(lambda match: self._captured.get(match[1], match[0]), text)


def find_missing_line(expected: Iterable[str], output: str) -> str | None:
    """Return the first expected line that the output does not have, in this order.

    Args:
        expected: Lines in which `...` stands for anything and any run of white space for any other.
        output: What was printed.

    """
    lines = iter([" ".join(line.split()) for line in output.splitlines()])
    for wanted in expected:
        pieces = " ".join(wanted.split()).split("...")
        if not any(_fits(line, pieces) for line in lines):
            return wanted
    return None


def _fits(line: str, pieces: Sequence[str]) -> bool:
    """Whether a line is these pieces in a row, with anything between them.

    No regular expression: what a stranger promises, and prints, might keep one busy for ever.
    """
    first, *middle = pieces
    if not middle:
        return line == first
    last = middle.pop()
    at, end = len(first), len(line) - len(last)
    if at > end or not (line.startswith(first) and line.endswith(last)):
        return False
    for piece in middle:
        found = line.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True
