"""The names in a folder or archive of submissions, without reading any file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from runner.errors import UsageError
from runner.grading import archives, submission_names, system_files
from runner.grading.archive_members import UnreadableArchiveError, list_archive_members
from runner.grading.archives import CLASS_ARCHIVE_LIMITS, SUBMISSION_ARCHIVE_LIMITS, ArchiveLimits
from runner.grading.submission_search import is_candidate

_MAX_DEPTH, _MAX_ENTRIES = 30, 500_000


@dataclass(slots=True)
class FolderTree:
    """The names in a folder, without those of tools and operating systems.

    Attributes:
        files: The names of its files.
        folders: Its folders by their names.
        archives: Those of its files that are archives with a submission, or that cannot be read.
        other_archives: Those of its files that are other archives, or archives in a format that is never read.

    """

    files: list[str] = field(default_factory=list)
    folders: dict[str, FolderTree] = field(default_factory=dict)
    archives: list[str] = field(default_factory=list)
    other_archives: list[str] = field(default_factory=list)

    def add_folder(self, parts: Sequence[str]) -> FolderTree:
        """Add a folder by the parts of its path, and return it."""
        folder = self
        for part in parts:
            folder = folder.folders.setdefault(part, FolderTree())
        return folder

    def add_file(self, name: str, has_submission: Callable[[], bool]) -> None:
        """Add a file that this folder contains directly.

        Args:
            name: Its name.
            has_submission: Returns whether there is a submission in it, if it is an archive.

        """
        self.files.append(name)
        path = Path(name)
        if archives.is_archive(path):
            (self.archives if has_submission() else self.other_archives).append(name)
        elif archives.is_unsupported_archive(path):
            self.other_archives.append(name)

    @property
    def has_named_file(self) -> bool:
        """Whether it directly contains a `submission.md`, whose name may be in capitals."""
        return any(map(submission_names.is_submission_name, self.files))

    @property
    def has_candidate(self) -> bool:
        """Whether it directly contains a file with nearly that name."""
        return any(is_candidate(Path(name)) for name in self.files)

    @property
    def holds_submission(self) -> bool:
        """Whether there is a submission in it or anywhere below it."""
        below = any(folder.holds_submission for folder in self.folders.values())
        return self.has_candidate or bool(self.archives) or below


def read_folder_tree(root: Path, max_entries: int = _MAX_ENTRIES) -> FolderTree:
    """Return the content of a folder.

    Args:
        root: The folder.
        max_entries: The maximum number of files and folders in it and below.

    Raises:
        UsageError: It cannot be read, or it contains more than any class.

    """
    tree = FolderTree()
    pending = [(root, tree)]
    count = 0
    for folder, node in pending:
        depth = len(folder.relative_to(root).parts)
        entries = _list_entries(folder, root)
        count += len(entries)
        if count > max_entries:
            raise UsageError(
                f"{root} contains more than {max_entries} files and folders.", "Name the folder with the submissions."
            )
        for entry in entries:
            # Only the instructor's own folder may contain links to folders.
            is_folder = entry.is_dir() and (depth == 0 or not entry.is_symlink())
            if is_ignored_name(entry.name, is_folder):
                continue
            if not is_folder:
                node.add_file(entry.name, partial(_archive_holds_submission, entry))
            elif depth < _MAX_DEPTH:
                pending.append((entry, node.folders.setdefault(entry.name, FolderTree())))
    return tree


def _list_entries(folder: Path, root: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        if folder == root:
            raise UsageError(f"Cannot read {root}: {error.strerror}.", "Check its permissions.") from error
        # It is a learner in any case, and grading it reports the reason.
        return []


def read_archive_tree(archive: Path) -> FolderTree:
    """Return the content of an archive.

    Raises:
        ArchiveError: It cannot be read.

    """
    tree = FolderTree()
    try:
        for parts, is_folder in _list_members(archive, CLASS_ARCHIVE_LIMITS):
            if is_folder:
                tree.add_folder(parts)
            else:
                # Extracting one only to look into it is not worth it: if it has no submission, the report says so.
                tree.add_folder(parts[:-1]).add_file(parts[-1], lambda: True)
    except UnreadableArchiveError as error:
        raise archives.ArchiveError(archive.name, str(error)) from error
    return tree


def _archive_holds_submission(archive: Path) -> bool:
    try:
        return any(
            is_candidate(Path(parts[-1])) or archives.is_archive(Path(parts[-1]))
            for parts in list_member_parts(archive, SUBMISSION_ARCHIVE_LIMITS)
        )
    except (UnreadableArchiveError, OSError):
        # Grading it reports why it cannot be read, by the name of its learner.
        return True


def list_member_parts(archive: Path, limits: ArchiveLimits) -> Iterator[list[str]]:
    """Return the parts of the path of each file in an archive, without those of tools and operating systems.

    Args:
        archive: The archive.
        limits: Its maximum size and number of members.

    Raises:
        UnreadableArchiveError: It is damaged or encrypted.

    """
    return (parts for parts, is_folder in _list_members(archive, limits) if not is_folder)


def _list_members(archive: Path, limits: ArchiveLimits) -> Iterator[tuple[list[str], bool]]:
    """Yield the parts of the path of each file and folder in an archive, and whether it is a folder."""
    for member in list_archive_members(archive, limits.max_members, limits.max_tar_bytes):
        parts = [part for part in member.name.split("/") if part not in ("", ".")]
        folders = parts if member.is_folder else parts[:-1]
        # A folder that leads out of the archive is not extracted, and is no learner.
        is_outside = member.is_folder and (member.name.startswith("/") or ".." in parts)
        if parts and not is_outside and not any(is_ignored_name(part, True) for part in folders):
            yield parts, member.is_folder


def is_ignored_name(name: str, is_folder: bool) -> bool:
    """Return whether a file or folder is hidden, or belongs to a tool or an operating system."""
    if is_folder:
        return name.startswith(".") or system_files.is_ignored_folder(name)
    return system_files.is_ignored_file(name)
