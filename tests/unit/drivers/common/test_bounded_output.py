"""Tests of collecting a command's output, up to a limit."""

from __future__ import annotations

import pytest

from runner.drivers.common.bounded_output import BoundedOutput
from runner.errors import HostError


def test_streams() -> None:
    """Pieces that arrive alternately on two streams are joined per stream."""
    output = BoundedOutput("node1", "ls")
    for stream, data in ((1, b"a"), (2, b"x"), (1, b"b")):
        output.append_or_raise(stream, data)
    assert (b"ab", b"x", b"") == (
        output.get_stream_content(1),
        output.get_stream_content(2),
        output.get_stream_content(3),
    )


def test_limit() -> None:
    """A command that prints more than the limit on both streams together is an error."""
    output = BoundedOutput("node1", "yes")
    for number in range(64):
        output.append_or_raise(number % 2, bytes(1 << 20))
    with pytest.raises(HostError, match="'yes' on node1 printed more than 64 MB"):
        output.append_or_raise(2, b"y")
