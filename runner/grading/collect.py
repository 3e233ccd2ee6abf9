"""Collect submissions: find their folders, and read an untrusted folder once, without following links out of it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from runner.grading.resource_limits import ResourceLimits
from runner.grading.snapshot import SUBMISSION_FILE, Snapshot, SnapshotFile
from runner.lessons.problems import Problem

# Folders of development tools: large, and never needed on a node.
_IGNORED_FOLDERS = frozenset({".git", ".hg", ".svn", ".venv", "__pycache__", "node_modules"})
_MAX_DEPTH = 30


def find_submission_folders(paths: Sequence[Path]) -> list[Path]:
    """Return the submission folders that paths lead to: each folder itself, or the folders inside it.

    A folder with a `submission.md` is a submission. A folder whose subfolders have one is a class: all of its
    subfolders count, including those whose `submission.md` is missing or misspelled.
    """
    folders: list[Path] = []
    for path in paths:
        is_class = not os.path.lexists(path / SUBMISSION_FILE) and any(path.glob(f"*/{SUBMISSION_FILE}"))
        if is_class:
            folders += sorted(entry for entry in path.iterdir() if entry.is_dir() and not entry.name.startswith("."))
        else:
            folders.append(path)
    return list(dict.fromkeys(folders))


def read_submission_snapshot(folder: Path, limits: ResourceLimits) -> Snapshot:
    """Read a submission's files into a snapshot; files that cannot be read or are not allowed become problems.

    Symbolic links to files inside the folder are followed. All other links, devices and pipes are excluded.

    Args:
        folder: The submission.
        limits: The maximum size and number of its files.

    Raises:
        OSError: The folder itself cannot be read.

    """
    root = folder.resolve()
    problems: list[Problem] = []
    text = b""
    try:
        text = _read_file(root / SUBMISSION_FILE, root, limits.text_bytes)
    except (OSError, ValueError) as error:
        problems.append(Problem(Path(SUBMISSION_FILE), 1, _describe_error(error)))
    files: list[SnapshotFile] = []
    bytes_left = limits.folder_bytes
    for path in _walk_files(root):
        name = path.relative_to(root)
        try:
            content = _read_file(path, root, min(limits.file_bytes, bytes_left))
            files.append(SnapshotFile(str(name), content, os.access(path, os.X_OK)))
            bytes_left -= len(content)
        except (OSError, ValueError) as error:
            problems.append(Problem(name, 1, _describe_error(error)))
        # Excluded files count too, because examining them takes as long.
        if len(files) + len(problems) > limits.max_files:
            problems.append(
                Problem(name, 1, f"more than {limits.max_files} files; all files after this one are ignored")
            )
            break
    return Snapshot(root.name, text, tuple(files), tuple(problems))


def read_submission_markdown(folder: Path, limits: ResourceLimits) -> bytes:
    """Return the content of a folder's `submission.md`; empty if it is missing or not allowed."""
    root = folder.resolve()
    try:
        return _read_file(root / SUBMISSION_FILE, root, limits.text_bytes)
    except (OSError, ValueError):
        return b""


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
                if path != root / SUBMISSION_FILE:
                    yield path
            elif entry.name not in _IGNORED_FOLDERS:
                subfolders.append(path)
        pending += reversed(subfolders)


def _read_file(path: Path, root: Path, max_bytes: int) -> bytes:
    # Not Path.resolve, which raises a different exception for a loop of links.
    real_path = Path(os.path.realpath(path, strict=True))
    if not real_path.is_relative_to(root):
        raise ValueError("symbolic link to a file outside the submission; replace it with the file itself")
    if real_path.is_dir():
        if path.is_symlink():
            raise ValueError("symbolic link to a folder; replace it with the folder itself")
        raise ValueError(f"folders are nested more than {_MAX_DEPTH} levels deep; this one is ignored")
    # O_NOFOLLOW: the file may have been replaced by a link since the check. O_NONBLOCK: opening a pipe must not block.
    descriptor = os.open(real_path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("not a regular file")
        content = stream.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise ValueError(f"too large; at most {max_bytes >> 10} kB are allowed here")
    return content


def _describe_error(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "the file is missing"
    if isinstance(error, OSError):
        return f"cannot read the file: {error.strerror or error}"
    return str(error)
