"""What a download from a course system contains, whatever its format: submissions and who handed them in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Owner:
    """What a download says about a learner; what it does not say is empty.

    Attributes:
        name: The full name, or the name of a group.
        squashed_name: The full name in lower case and without spaces.
        number: The number of the learner in an assignment in Moodle.
        canvas_id: The number of the account in Canvas, or the word for an anonymous one.
        id: The ID in the institution.
        email: The e-mail address.
        login: The user name.

    """

    name: str = ""
    squashed_name: str = ""
    number: str = ""
    canvas_id: str = ""
    id: str = ""
    email: str = ""
    login: str = ""

    @property
    def label(self) -> str:
        """The best identifier that the download has."""
        return self.login or self.email or self.name or self.squashed_name or self.id or self.number or self.canvas_id


@dataclass(frozen=True, slots=True)
class DownloadedSubmission:
    """A submission in a download.

    Attributes:
        label: Its name in the download.
        folder: A folder with its files, under the names that the learner gave them.
        owners: Who handed it in; several for a group.
        submitted_at: When it was handed in; None if the download does not say.
        time_source: What says so.
        is_marked_late: Whether the download marks it as late.
        rank: Later submissions of one learner have higher ranks.
        notes: What happened to its files on the way.

    """

    label: str
    folder: Path
    owners: tuple[Owner, ...]
    submitted_at: datetime | None = None
    time_source: str = ""
    is_marked_late: bool = False
    rank: float = 0.0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Download:
    """The content of a download.

    Attributes:
        submissions: The submissions.
        ignored: The names of what is neither a submission nor a file of an operating system.
        problems: What could not be extracted.

    """

    submissions: tuple[DownloadedSubmission, ...]
    ignored: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


class DownloadReader(Protocol):
    """Reads the downloads of one course system; a module has these functions."""

    SYSTEM: str
    EXAMPLE: str

    def is_download_folder(self, folder: Path) -> bool:
        """Return whether a folder directly contains what this course system writes."""
        ...

    def read_download(self, folder: Path, scratch_folder: Path) -> Download:
        """Read a download.

        Args:
            folder: The folder for which `is_download_folder` is true.
            scratch_folder: An existing folder for files that need another name.

        """
        ...
