"""What a command on a node says, up to a limit."""

from __future__ import annotations

from dataclasses import dataclass, field

from runner.errors import LimitExceededError

# Whoever reads more than this of one command means a file, and a node may have no end of it.
_MEGABYTES = 64


@dataclass(slots=True)
class Output:
    """Collects what a command says.

    Attributes:
        node: The name of the node.
        program: The command's first word.

    """

    node: str
    program: str
    _streams: dict[int, bytearray] = field(default_factory=dict)
    _size: int = 0

    def add(self, stream: int, data: bytes) -> None:
        """Take what came on a stream.

        Raises:
            LimitExceededError: It is too much by now.

        """
        self._streams.setdefault(stream, bytearray()).extend(data)
        self._size += len(data)
        if self._size > _MEGABYTES << 20:
            raise LimitExceededError(
                f"'{self.program}' on {self.node} said more than {_MEGABYTES} MB and was ended.",
                "Look what it does: 'labs shell' opens a terminal there.",
            )

    def of(self, stream: int) -> bytes:
        """Return all that came on a stream."""
        return bytes(self._streams.get(stream, b""))
