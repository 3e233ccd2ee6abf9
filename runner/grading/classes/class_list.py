"""Bring a class together: its submissions, from a download or from folders, and its learners, from a roster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

from runner.errors import UsageError
from runner.grading.class_folder import FoundSubmissions
from runner.grading.classes import (
    canvas_download,
    download_files,
    folder_download,
    gradescope_download,
    matching,
    moodle_download,
    other_files,
    repository_download,
    roster,
    timestamps,
)
from runner.grading.classes.deadlines import Deadline, Submittal, find_due_time
from runner.grading.classes.download_model import Download, DownloadedSubmission, DownloadReader
from runner.grading.classes.matching import ClassMatch, UnmatchedSubmission
from runner.grading.classes.roster import RosterEntry
from runner.grading.sources import SubmissionSource, create_folder_source

# By the name that `labs grade --from` takes.
DOWNLOAD_READERS = {
    "moodle": cast(DownloadReader, moodle_download),
    "canvas": cast(DownloadReader, canvas_download),
    "gradescope": cast(DownloadReader, gradescope_download),
    "classroom50": cast(DownloadReader, repository_download),
}
_MAX_LISTED = 100
_ROSTER_TIME = "roster"


@dataclass(frozen=True, slots=True)
class ClassList:
    """The learners of a class and their submissions.

    Attributes:
        sources: The submissions to grade; the name of each is the key of its entry.
        entries: The learners who handed in something, by their key.
        submittals: When each submission was handed in, by the learner's key.
        missing: The learners who handed nothing in.
        notes: What happened to each submission on the way, by the learner's key.
        folders: What reports show as the folder of each submission, by the learner's key.
        warnings: What the instructor has to know before grading.

    """

    sources: tuple[SubmissionSource, ...]
    entries: Mapping[str, RosterEntry] = field(default_factory=dict)
    submittals: Mapping[str, Submittal] = field(default_factory=dict)
    missing: tuple[RosterEntry, ...] = ()
    notes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    folders: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def all_entries(self) -> list[RosterEntry]:
        """All learners."""
        return [*self.entries.values(), *self.missing]


def open_download(system: str, path: Path, scratch_folder: Path) -> Download:
    """Read what a course system handed out.

    Args:
        system: One of `DOWNLOAD_READERS`.
        path: The archive or folder.
        scratch_folder: An existing, empty folder for files that are extracted or need another name.

    Raises:
        UsageError: It cannot be read, or is not what this course system writes.

    """
    reader = DOWNLOAD_READERS[system]
    root, problems = download_files.extract_download(path, scratch_folder / "download")
    folder = download_files.find_folder(root, reader.is_download_folder)
    if folder is None:
        likely = [
            f"--from {name}"
            for name, other in DOWNLOAD_READERS.items()
            if other is not reader and download_files.find_folder(root, other.is_download_folder)
        ]
        hint = f" It looks like a download for '{likely[0]}'." if likely else ""
        contents = download_files.describe_entries(root)
        raise UsageError(
            f"{path} is not a download from {reader.SYSTEM}, which would contain {reader.EXAMPLE}; it contains "
            f"{contents}.{hint}",
            "Name the file or folder as you downloaded it, or grade folders with the learners' names without '--from'.",
        )
    return replace(reader.read_download(folder, scratch_folder / "submissions"), problems=problems)


def create_class_list(
    download_path: Path, download: Download, roster_file: Path | None, deadline: Deadline | None, skip_unmatched: bool
) -> ClassList:
    """Match the submissions of a download with the learners of a roster.

    Args:
        download_path: The download, for messages and reports.
        download: Its submissions.
        roster_file: The roster; None if the download says enough.
        deadline: The deadline, to which extensions and times in the roster relate; None if there is none.
        skip_unmatched: Whether to leave out submissions of which the learner is not known.

    Raises:
        UsageError: The roster cannot be read, or the learner of a submission is not known.

    """
    if roster_file is None:
        match = matching.identify_by_download(download)
    else:
        match = matching.match_submissions(download, roster.read_roster(roster_file).entries)
    class_list = _create_class_list(match, roster_file, deadline, skip_unmatched)
    folders = {matched.entry.key: str(download_path / matched.submission.label) for matched in match.matched}
    warnings = [*class_list.warnings, *(f"Not extracted: {problem}" for problem in download.problems)]
    if download.ignored:
        warnings.append(f"Ignored, because it is no submission: {', '.join(download.ignored)}")
    return replace(class_list, folders=folders, warnings=tuple(warnings))


def _create_class_list(
    match: ClassMatch, roster_file: Path | None, deadline: Deadline | None, skip_unmatched: bool
) -> ClassList:
    if match.unmatched and not skip_unmatched:
        raise _create_unmatched_error(match.unmatched, roster_file)
    return ClassList(
        sources=tuple(SubmissionSource(matched.submission.folder, matched.entry.key) for matched in match.matched),
        entries={matched.entry.key: matched.entry for matched in match.matched},
        submittals={
            matched.entry.key: _create_submittal(matched.entry, matched.submission, deadline)
            for matched in match.matched
        },
        missing=match.missing,
        notes={matched.entry.key: matched.submission.notes for matched in match.matched},
        warnings=tuple(f"Not graded: {_describe_unmatched(unmatched)}" for unmatched in match.unmatched),
    )


def create_folder_list(
    submissions: FoundSubmissions, roster_file: Path | None, deadline: Deadline | None, skip_unmatched: bool
) -> ClassList:
    """Match folders with a roster; the name of each is any identifier of its learner. See `create_class_list`."""
    folders = submissions.submissions if roster_file else (*submissions.submissions, *submissions.empty_archives)
    download = folder_download.create_download(folders, with_times=deadline is not None)
    if roster_file is not None:
        match = matching.match_submissions(download, roster.read_roster(roster_file).entries, one_each=True)
        match, others = other_files.match_other_files(match, (*submissions.empty_archives, *submissions.other_files))
        class_list = _create_class_list(match, roster_file, deadline, skip_unmatched)
        lines = other_files.describe_other_files(others, has_roster=True)
        return replace(class_list, warnings=(*class_list.warnings, *lines))
    submittals = {
        submission.label: Submittal(submission.submitted_at, submission.time_source)
        for submission in download.submissions
    }
    return ClassList(
        tuple(map(create_folder_source, folders)),
        submittals=submittals,
        warnings=tuple(other_files.describe_other_files(submissions.other_files, has_roster=False)),
    )


def _create_unmatched_error(unmatched: Sequence[UnmatchedSubmission], roster_file: Path | None) -> UsageError:
    count = len(unmatched)
    lines = [f"  {_describe_unmatched(submission)}" for submission in unmatched[:_MAX_LISTED]]
    lines += [f"  and {count - _MAX_LISTED} more"] if count > _MAX_LISTED else []
    noun = "submission is" if count == 1 else "submissions are"
    source = f" in {roster_file}" if roster_file else ""
    return UsageError(
        f"The {'learner' if count == 1 else 'learners'} of {count} {noun} not known{source}:\n" + "\n".join(lines),
        "Complete the roster, or grade only the others with '--skip-unmatched'.",
    )


def _describe_unmatched(unmatched: UnmatchedSubmission) -> str:
    return f"{unmatched.submission.label}: {unmatched.reason}"


def _create_submittal(entry: RosterEntry, submission: DownloadedSubmission, deadline: Deadline | None) -> Submittal:
    position = f"line {entry.line} of the roster"
    time, source = submission.submitted_at, submission.time_source
    try:
        # Without a deadline, a time in an unknown format matters to nothing.
        if entry.submitted and deadline:
            time, source = timestamps.parse_time(entry.submitted), _ROSTER_TIME
            # A time without a zone is in that of the deadline.
            time = time if time.tzinfo else time.replace(tzinfo=deadline.due.tzinfo)
        if deadline:
            find_due_time(deadline, entry.extension)
    except ValueError as error:
        raise UsageError(f"{position}, '{entry.key}': {error}.", "Correct it in the roster.") from None
    return Submittal(time, source, entry.extension, submission.is_marked_late)
