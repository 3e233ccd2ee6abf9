"""Collect a submission: read its untrusted files once, without following links out of its folder."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from runner.grading import archives, repairs, system_files
from runner.grading.resource_limits import ResourceLimits
from runner.grading.snapshot import SUBMISSION_FILE, Snapshot, SnapshotFile
from runner.grading.submission_reader import OpenSubmission, open_submission
from runner.grading.untrusted_files import describe_read_error, read_untrusted_file
from runner.lessons.problems import Problem

_MAX_DEPTH = 30


def read_submission_snapshot(path: Path, limits: ResourceLimits, lab: str | None = None) -> Snapshot:
    """Read a submission's files into a snapshot; files that cannot be read or are not allowed become problems.

    Symbolic links to files inside the folder are followed. All other links, devices and pipes are excluded.

    Args:
        path: The submission: a folder, an archive, or a `submission.md`.
        limits: The maximum size and number of its files.
        lab: The lab that is graded; None if `submission.md` says it.

    Raises:
        UsageError: Several files could be the submission, or an archive cannot be read.
        OSError: The folder itself cannot be read.

    """
    with open_submission(path, limits, lab) as submission:
        problems = list(submission.problems)
        text, notes = _read_text(submission, limits, problems)
        files = _read_files(submission, limits, problems)
        folder = _name_folder(path, submission)
    repaired, repair_notes = repairs.repair_scripts(files)
    all_notes = (*submission.notes, *notes, *repair_notes)
    return Snapshot(submission.name, text, repaired, tuple(problems), all_notes, folder)


def _name_folder(path: Path, submission: OpenSubmission) -> str:
    """Return the folder of `submission.md`, from which reports derive the path of that file."""
    if path.is_dir():
        return str(path / submission.text.shown_path).rpartition("/")[0] if submission.text else str(path)
    return str(path if archives.is_archive(path) else path.parent)


def _read_text(
    submission: OpenSubmission, limits: ResourceLimits, problems: list[Problem]
) -> tuple[bytes, Sequence[str]]:
    if submission.text is None:
        return b"", ()
    try:
        content = read_untrusted_file(submission.text.path, submission.root, limits.text_bytes)
    except (OSError, ValueError) as error:
        problems.append(Problem(Path(SUBMISSION_FILE), 1, describe_read_error(error)))
        return b"", ()
    text, encoding = repairs.convert_to_utf8(content)
    return text, (f"{SUBMISSION_FILE} was converted from {encoding} to UTF-8",) if encoding else ()


def _read_files(submission: OpenSubmission, limits: ResourceLimits, problems: list[Problem]) -> list[SnapshotFile]:
    folder, root = submission.folder, submission.root
    files: list[SnapshotFile] = []
    bytes_left = limits.folder_bytes
    excluded_count = 0
    for path in _walk_files(folder):
        if submission.text and path == submission.text.path:
            continue
        name = path.relative_to(folder)
        try:
            if path.is_dir() and not path.is_symlink():
                raise ValueError(f"folders are nested more than {_MAX_DEPTH} levels deep; this one is ignored")
            content = read_untrusted_file(path, root, min(limits.file_bytes, bytes_left))
            files.append(SnapshotFile(str(name), content, os.access(path, os.X_OK)))
            bytes_left -= len(content)
        except (OSError, ValueError) as error:
            problems.append(Problem(name, 1, describe_read_error(error)))
            excluded_count += 1
        # Excluded files count too, because examining them takes as long.
        if len(files) + excluded_count > limits.max_files:
            problems.append(
                Problem(name, 1, f"more than {limits.max_files} files; all files after this one are ignored")
            )
            break
    return files


def _walk_files(root: Path) -> Iterator[Path]:
    """Yield everything except folders, sorted by name; links to folders and too deeply nested folders are included."""
    pending = [root]
    while pending:
        folder = pending.pop()
        subfolders = []
        with os.scandir(folder) as entries:
            sorted_entries = sorted(entries, key=lambda entry: entry.name)
        for entry in sorted_entries:
            path = Path(entry.path)
            depth = len(path.relative_to(root).parts)
            if not entry.is_dir(follow_symlinks=False) or depth > _MAX_DEPTH:
                if not system_files.is_ignored_file(entry.name):
                    yield path
            elif not system_files.is_ignored_folder(entry.name):
                subfolders.append(path)
        pending += reversed(subfolders)
