"""How much a submission may take: time, output, files."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ResourceLimits:
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

    block_seconds: float = 180
    check_seconds: float = 60
    all_checks_seconds: float = 180
    submission_seconds: float = 1200
    output_bytes: int = 20_000
    text_bytes: int = 1 << 20
    file_bytes: int = 10 << 20
    max_files: int = 500
    folder_bytes: int = 50 << 20
