"""Types a stranger's commands: with an end to their time and to their output, whatever they do."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from runner.checking.timeout import TimeLimit
from runner.grading.resource_limits import ResourceLimits
from runner.nodes.driver_interface import ExecResult, Node

_TYPE = (Path(__file__).parent / "limited_exec.pl").read_text("utf-8")
# For the way there and back, and for what `timeout` needs to end what does not want to.
_GRACE_SECONDS = 20
# There is always time enough to be told that there is none.
_LEAST_SECONDS = 0.1


@dataclass(slots=True)
class LimitedRunner:
    """Types with the limits of one submission.

    Attributes:
        limits: The limits.
        clock: Tells the time, in seconds.
        cut: Whether what was typed last said more than is kept.

    """

    limits: ResourceLimits
    clock: Callable[[], float] = time.monotonic
    is_truncated: bool = False
    _ends: float = field(init=False)
    _block_ends: float = field(init=False)

    def __post_init__(self) -> None:
        self._ends = self.clock() + self.limits.submission_seconds
        self.start_block()

    def start_block(self) -> None:
        """Begin another block, which has a time of its own for all its repetitions."""
        self._block_ends = self.clock() + self.limits.block_seconds

    @property
    def seconds_left(self) -> float:
        """How many seconds are left for all that is still to be typed."""
        return max(0.0, self._ends - self.clock())

    @property
    def timeout_seconds(self) -> float:
        """How much longer the block may take."""
        return max(_LEAST_SECONDS, round(min(self._block_ends - self.clock(), self.seconds_left), 1))

    def run_script(self, node: Node, script: str) -> ExecResult:
        """Run a script in a shell that ends at the first command that fails, with no input.

        Of each of its streams half of what may be kept comes back.

        Raises:
            LimitExceededError: The node does not answer any more.
            HostError: The node cannot be reached.

        """
        seconds, most = self.timeout_seconds, self.limits.output_bytes // 2
        words = ["perl", "-e", _TYPE, "--", f"{seconds:g}", str(most + 1), script]
        with TimeLimit(seconds + _GRACE_SECONDS, f"What was typed on {node.name}"):
            done = node.run_command(words)
        self.is_truncated = max(len(done.stdout), len(done.stderr)) > most
        return ExecResult(done.exit_status, done.stdout[:most], done.stderr[:most])
