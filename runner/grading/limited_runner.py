"""Run untrusted commands on nodes as in one terminal per node, with limits on their time and output."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from runner.checking.timeout import TimeLimit
from runner.grading.resource_limits import ResourceLimits
from runner.nodes.driver_interface import ExecResult, Node

_LIMITED_EXEC = (Path(__file__).parent / "limited_exec.pl").read_text("utf-8")
_SHELL_SETUP = (Path(__file__).parent / "block_shell.bash").read_text("utf-8")
# Where a node keeps variables, aliases, functions and shell options for the next block. Not on the disk, which a
# submission may fill.
_STATE_FILE = "/run/labs-block-state"
# The line that `limited_exec.pl` writes before standard error.
_FAILURE_LINE = re.compile(rb"\A\x1elabs (\d{1,9}) ([^\n]*)\n")
# Extra time for the transfer to and from the node, and for `timeout` to kill commands that ignore its first signal.
_GRACE_SECONDS = 20
# `timeout 0` would mean no limit.
_MIN_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class FailedLine:
    """The first line of a script that failed.

    Attributes:
        line: Its number.
        command: The command in it that failed.

    """

    line: int
    command: str


@dataclass(slots=True)
class LimitedRunner:
    """Runs scripts with the limits of one submission; a `ScriptRunner` for `LessonPlayer`.

    Attributes:
        limits: The limits.
        clock: Returns the time in seconds.
        is_truncated: Whether the last script printed more than is kept.
        failed_line: The line of the last script that failed first; None if none did, or if that is unknown.

    """

    limits: ResourceLimits
    clock: Callable[[], float] = time.monotonic
    is_truncated: bool = False
    failed_line: FailedLine | None = None
    _submission_deadline: float = field(init=False)
    _block_deadline: float = field(init=False)

    def __post_init__(self) -> None:
        self._submission_deadline = self.clock() + self.limits.submission_seconds
        self.start_block_timer()

    def start_block_timer(self) -> None:
        """Start another block; all of its retries together share its time."""
        self._block_deadline = self.clock() + self.limits.block_seconds

    @property
    def submission_seconds_left(self) -> float:
        """The time that is left for all remaining blocks."""
        return max(0.0, self._submission_deadline - self.clock())

    @property
    def next_script_timeout_seconds(self) -> float:
        """The time that is left for the current block."""
        return max(_MIN_SECONDS, round(min(self._block_deadline - self.clock(), self.submission_seconds_left), 1))

    def run_script(self, node: Node, script: str) -> ExecResult:
        """Run a script without input, in a shell that goes on as a terminal does: with all lines, even if one fails.

        Variables, aliases, functions and shell options of earlier scripts on the node are set; the folder is root's
        home. The exit status is that of the first line that failed. The result contains at most half of `output_bytes`
        of each output stream.

        Raises:
            LimitExceededError: The node stopped answering.
            HostError: The node cannot be reached.

        """
        seconds, max_bytes = self.next_script_timeout_seconds, self.limits.output_bytes // 2
        limits = (f"{seconds:g}", str(max_bytes + 1))
        self.failed_line = None
        with TimeLimit(seconds + _GRACE_SECONDS, f"The block on {node.name}"):
            result = node.run_command(["perl", "-e", _LIMITED_EXEC, "--", *limits, _STATE_FILE, _SHELL_SETUP, script])
        stderr = result.stderr
        if failure := _FAILURE_LINE.match(stderr):
            self.failed_line = FailedLine(int(failure[1]), failure[2].decode("utf-8", "replace"))
            stderr = stderr[failure.end() :]
        self.is_truncated = max(len(result.stdout), len(stderr)) > max_bytes
        return ExecResult(result.exit_status, result.stdout[:max_bytes], stderr[:max_bytes])
