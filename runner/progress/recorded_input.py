"""What was typed in `labs shell`, as `shell_recorder.pl` recorded it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RecordedInput:
    """What was typed at one moment.

    Attributes:
        time: The moment, in seconds since 1970.
        kind: Who read it; `shell_recorder.pl` lists the kinds.
        data: The bytes.

    """

    time: float
    kind: str
    data: bytes


def parse_recorded_input(text: str) -> Iterator[RecordedInput]:
    """Yield what was typed, without damaged rows."""
    for row in text.splitlines():
        with contextlib.suppress(ValueError):
            time, kind, *data = row.split(" ")
            yield RecordedInput(float(time), kind, bytes.fromhex("".join(data)))


def join_text(parts: Iterable[RecordedInput]) -> str:
    """Return the text of several parts; a character may be in two of them."""
    return b"".join(part.data for part in parts).decode("utf-8", "replace")
