"""A shell block of a submission before it is written as Markdown, and a remark on a line that has none."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FENCE = re.compile(r"`{3,}")


@dataclass(frozen=True, slots=True)
class Remark:
    """A line that the learner should know about.

    Attributes:
        node: The name of the node.
        line: The line.
        reason: Why it is left out, or may not do the same as it did.

    """

    node: str
    line: str
    reason: str


@dataclass(frozen=True, slots=True)
class ScriptBlock:
    """A script for a node.

    Attributes:
        node: The name of the node.
        script: The script.
        at: Its moment in the sequence of all blocks, in seconds since 1970.
        capture_name: The name of the placeholder for its output; empty if its output is not needed.
        retry_seconds: How long to repeat it if it fails.
        exit_status: The exit status to expect.
        is_lookup: Whether it changes nothing.

    """

    node: str
    script: str
    at: float
    capture_name: str = ""
    retry_seconds: int = 0
    exit_status: int = 0
    is_lookup: bool = False


def render_block(block: ScriptBlock) -> str:
    """Return a block as Markdown."""
    longest = max((len(run) for run in _FENCE.findall(block.script)), default=2)
    fence = "`" * (longest + 1)
    options = {"capture": block.capture_name, "exit": block.exit_status, "retry": block.retry_seconds}
    info = " ".join([block.node, *(f"{name}={value}" for name, value in options.items() if value)])
    return f"{fence}sh {info}\n{block.script}\n{fence}\n"
