"""The tutorial for learners: its sessions are typed on real nodes, and the output is as the page shows it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.support import docs_examples
from tests.support.labs_command import LabsRunner

PROMPT = re.compile(r"(?P<host>\$|root@(?P<node>node\d):~#) (?P<command>.+)")
# Not typed: it waits for a person, and what it can show differs from computer to computer.
SKIPPED = ("labs shell node1", "labs doctor")


@dataclass
class SessionRunner:
    """Types the commands of sessions: those after `$` on the host, the others on a node."""

    labs: LabsRunner
    outputs: list[str] = field(default_factory=list)

    def type_session(self, session: str) -> Iterator[tuple[str, list[str], str]]:
        """Yield each command with the lines that the page shows, and its output."""
        entries: list[tuple[str, str, list[str]]] = []
        for line in session.splitlines():
            if match := PROMPT.fullmatch(line):
                entries.append((match["node"] or "", match["command"], []))
            elif entries:
                entries[-1][2].append(line)
        for node, command, shown in entries:
            if command not in SKIPPED:
                yield command, shown, self._type(node, command)

    def _type(self, node: str, command: str) -> str:
        tokens = re.findall(r"SWMTKN-1-\S+", "".join(self.outputs))
        if "SWMTKN-..." in command:
            command = command.replace("SWMTKN-...", tokens[-1])
        words = ["exec", node, "--", "sh", "-c", command] if node else shlex.split(command)[1:]
        result = self.labs(*words, env={"LABS_ROOT": ""})
        assert {0, 1} >= {result.returncode}, f"{command}\n{result.stdout}\n{result.stderr}"
        self.outputs.append(result.stdout)
        return result.stdout + result.stderr


@pytest.fixture
def sessions(labs: LabsRunner) -> Iterator[SessionRunner]:
    """Return a runner of sessions, and remove its cluster afterwards."""
    yield SessionRunner(labs)
    labs("rm", "swarm-basics", env={"LABS_ROOT": ""})


def test_tutorial(sessions: SessionRunner) -> None:
    """Every command of the tutorial works, and prints the lines that the page shows, except for numbers."""
    blocks = docs_examples.list_code_blocks(docs_examples.DOCS / "tutorial" / "first-lab.md", "console")
    for command, shown, output in (entry for block in blocks for entry in sessions.type_session(block)):
        lines = [replace_numbers(line) for line in output.splitlines()]
        missing = [line for line in shown if line and replace_numbers(line) not in lines]
        assert not missing, f"{command}\n{output}"


def replace_numbers(line: str) -> str:
    """Return a line without the numbers in it, which differ from run to run."""
    return re.sub(r"\d+(\.\d+)?", "N", line).rstrip()
