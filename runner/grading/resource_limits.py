"""How much a submission may take: time, output, files."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What one submission may take.

    Attributes:
        block: Seconds for one shell block, its repetitions included.
        check: Seconds for one check.
        checks: Seconds for all checks together.
        submission: Seconds for all blocks of a submission together.
        output: Bytes of a block's output that are kept.
        text: Bytes that `submission.md` may have.
        file: Bytes that any other file may have.
        files: How many other files there may be.
        folder: Bytes that all of them may have together.

    """

    block: float = 180
    check: float = 60
    checks: float = 180
    submission: float = 1200
    output: int = 20_000
    text: int = 1 << 20
    file: int = 10 << 20
    files: int = 500
    folder: int = 50 << 20
