"""Plays a lesson: types its commands on the nodes, as a learner would."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from runner.clusters.driver import Cluster, Node
from runner.lessons.model import PLACEHOLDER, Command

_PAUSE_SECONDS = 0.5
# A command that has not ended by then waits for something that never comes.
_LIMIT_SECONDS = 180
_TIMED_OUT = 124


@dataclass(frozen=True, slots=True)
class Typed:
    """A command that was typed on a node.

    Attributes:
        command: The command as the lesson has it.
        node: Where it was typed.
        script: What was typed, placeholders filled in.
        output: What came back, errors included.
        complaint: What differs from what the lesson promises; empty if nothing does.

    """

    command: Command
    node: str
    script: str
    output: str
    complaint: str


class Player:
    """Types commands on a cluster's nodes and remembers what they capture.

    Args:
        cluster: A running cluster.

    """

    def __init__(self, cluster: Cluster) -> None:
        self._nodes = {node.name: node for node in cluster.nodes}
        self._captured: dict[str, str] = {}

    def play(self, commands: Iterable[Command]) -> Iterator[Typed]:
        """Type commands one after another; stops after the first that does not do what the lesson promises.

        Raises:
            UnfitError: A node cannot be reached.

        """
        for command in commands:
            for name in command.nodes:
                typed = self._type(command, self._nodes[name])
                yield typed
                if typed.complaint:
                    return

    def capture(self, commands: Iterable[Command]) -> None:
        """Type only those commands that capture something, for the steps that are done already."""
        for command in commands:
            if command.capture:
                self._type(command, self._nodes[command.nodes[-1]])

    def _type(self, command: Command, node: Node) -> Typed:
        deadline = time.monotonic() + command.retry
        while True:
            typed = self._type_once(command, node)
            if not typed.complaint or time.monotonic() >= deadline:
                return typed
            time.sleep(_PAUSE_SECONDS)

    def _type_once(self, command: Command, node: Node) -> Typed:
        script = self._filled(command.script)
        done = node.run(["timeout", "--kill-after=5", str(_LIMIT_SECONDS), "bash", "-ec", script])
        output = done.text + done.error_text
        if command.capture:
            self._captured[command.capture] = done.text.strip()
        complaint = ""
        if done.exit_status != command.exit_status:
            complaint = f"it exited with {done.exit_status}, not with {command.exit_status}"
            if done.exit_status == _TIMED_OUT:
                complaint = f"it did not end within {_LIMIT_SECONDS} s"
        elif missing := absent_line([self._filled(line) for line in command.output], output):
            complaint = f"its output has no line '{missing}' where the lesson shows one"
        return Typed(command, node.name, script, output, complaint)

    def _filled(self, text: str) -> str:
        return PLACEHOLDER.sub(lambda match: self._captured.get(match[1], match[0]), text)


def absent_line(expected: Iterable[str], output: str) -> str | None:
    """Return the first expected line that the output does not have, in this order.

    Args:
        expected: Lines in which `...` stands for anything and any run of white space for any other.
        output: What was printed.

    """
    lines = iter([" ".join(line.split()) for line in output.splitlines()])
    for wanted in expected:
        parts = [re.escape(part) for part in " ".join(wanted.split()).split("...")]
        pattern = re.compile(".*".join(parts))
        if not any(pattern.fullmatch(line) for line in lines):
            return wanted
    return None
