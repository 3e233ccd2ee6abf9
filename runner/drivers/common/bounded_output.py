"""Collects the output of a command on a node, up to a limit."""

from __future__ import annotations

from dataclasses import dataclass, field

from runner.errors import LimitExceededError

# No command of a lab or a check prints this much; a broken or hostile one could otherwise fill the host's memory.
_MEGABYTES = 64


@dataclass(slots=True)
class BoundedOutput:
    """The output of a command, with a limit on its size.

    Attributes:
        node: The name of the node.
        program: The command's first word.

    """

    node: str
    program: str
    _streams: dict[int, bytearray] = field(default_factory=dict)
    _size: int = 0

    def append_or_raise(self, stream: int, data: bytes) -> None:
        """Add output of the command on a stream.

        Raises:
            LimitExceededError: The output is now longer than the limit.

        """
        self._streams.setdefault(stream, bytearray()).extend(data)
        self._size += len(data)
        if self._size > _MEGABYTES << 20:
            raise LimitExceededError(
                f"'{self.program}' on {self.node} printed more than {_MEGABYTES} MB and was stopped.",
                "To see what it does, open a terminal on the node with 'labs shell'.",
            )

    def get_stream_content(self, stream: int) -> bytes:
        """Return everything that was printed on a stream."""
        return bytes(self._streams.get(stream, b""))
