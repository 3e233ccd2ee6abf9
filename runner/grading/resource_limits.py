"""The resources that one submission may use: time, output, files."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ResourceLimits:
    """The limits for one submission.

    Attributes:
        block_seconds: The time for one shell block, including its retries.
        check_seconds: The time for one check.
        all_checks_seconds: The time for all checks together.
        submission_seconds: The time for all blocks together.
        output_bytes: How much of a block's output is kept.
        text_bytes: The maximum size of `submission.md`.
        file_bytes: The maximum size of any other file.
        max_files: The maximum number of other files.
        folder_bytes: The maximum size of all other files together.

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
