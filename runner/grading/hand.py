"""Types a stranger's commands: with an end to their time and to their output, whatever they do."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from runner.checking.limit import within
from runner.clusters.driver import Completed, Node
from runner.grading.limits import Limits

# What runs on in the background keeps both streams open. So they lead to readers of their own, which keep what may be
# kept and drop the rest, lest the program wait for them; and none of them holds the streams that we read.
_TYPE = r"""
kept=$(mktemp -d)
most=$2
keep() {
    perl -e 'my ($left, $some) = shift;
        while (sysread STDIN, $some, 1 << 16) { $left -= syswrite STDOUT, $some, $left if $left > 0 }
        ' "$most" >"$kept/$1"
    : >"$kept/$1.end"
}
exec 9>&2 2>/dev/null
timeout --kill-after=5 "$1" bash -ec "$3" </dev/null 9>&- \
    > >(exec >/dev/null 9>&-; keep out) 2> >(exec >/dev/null 9>&-; keep err)
status=$?
for ((tries = 20; tries; tries--)); do
    [[ ! -e $kept/out.end || ! -e $kept/err.end ]] || break
    sleep 0.025
done
cat "$kept/out"
cat "$kept/err" >&9
rm -rf "$kept"
exit $status
"""
# For the way there and back, and for what `timeout` needs to end what does not want to.
_GRACE_SECONDS = 20
# There is always time enough to be told that there is none.
_LEAST_SECONDS = 0.1


@dataclass(slots=True)
class LimitedHand:
    """Types with the limits of one submission.

    Attributes:
        limits: The limits.
        clock: Tells the time, in seconds.
        cut: Whether what was typed last said more than is kept.

    """

    limits: Limits
    clock: Callable[[], float] = time.monotonic
    cut: bool = False
    _ends: float = field(init=False)
    _block_ends: float = field(init=False)

    def __post_init__(self) -> None:
        self._ends = self.clock() + self.limits.submission
        self.begin_block()

    def begin_block(self) -> None:
        """Begin another block, which has a time of its own for all its repetitions."""
        self._block_ends = self.clock() + self.limits.block

    @property
    def left(self) -> float:
        """How many seconds are left for all that is still to be typed."""
        return max(0.0, self._ends - self.clock())

    @property
    def seconds(self) -> float:
        """How much longer the block may take."""
        return max(_LEAST_SECONDS, round(min(self._block_ends - self.clock(), self.left), 1))

    def type(self, node: Node, script: str) -> Completed:
        """Run a script in a shell that ends at the first command that fails, with no input.

        Of each of its streams half of what may be kept comes back.

        Raises:
            TooMuchError: The node does not answer any more.
            UnfitError: The node cannot be reached.

        """
        seconds, most = self.seconds, self.limits.output // 2
        words = ["bash", "-c", _TYPE, "labs", f"{seconds:g}", str(most + 1), script]
        with within(seconds + _GRACE_SECONDS, f"What was typed on {node.name}"):
            done = node.run(words)
        self.cut = max(len(done.stdout), len(done.stderr)) > most
        return Completed(done.exit_status, done.stdout[:most], done.stderr[:most])
