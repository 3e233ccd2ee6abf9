"""Where a submission comes from: its folder, and the learner who handed it in."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import Path

from runner.grading import submission_reader


@dataclass(frozen=True, slots=True)
class SubmissionSource:
    """A submission to grade.

    Attributes:
        folder: Its folder, its archive, or its `submission.md`.
        name: Its name in reports: the learner's identifier.

    """

    folder: Path
    name: str


def create_folder_source(path: Path) -> SubmissionSource:
    """Return the source for a folder or archive whose name is the learner's identifier."""
    return SubmissionSource(path, normalize_identifier(submission_reader.name_submission(path)))


def normalize_identifier(text: str) -> str:
    """Return an identifier in the form in which grade books store it; macOS decomposes accents in names of files."""
    return unicodedata.normalize("NFC", text)
