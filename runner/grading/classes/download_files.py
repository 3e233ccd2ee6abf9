"""Find and rename the files of a download, without changing the download itself."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from runner.errors import UsageError
from runner.grading import archives, system_files

_MAX_WRAPPERS = 3
_MAX_LISTED = 8


def list_entries(folder: Path) -> list[Path]:
    """Return the files and folders in a folder, sorted, without those of operating systems and tools."""
    return sorted(
        entry
        for entry in folder.iterdir()
        if not system_files.is_ignored_folder(entry.name) and not system_files.is_ignored_file(entry.name)
    )


def find_folder(root: Path, is_wanted: Callable[[Path], bool]) -> Path | None:
    """Return the folder that fulfils a condition: a folder, or one below it, because extracting wraps folders."""
    folders = [root]
    for _ in range(_MAX_WRAPPERS + 1):
        for folder in folders:
            if is_wanted(folder):
                return folder
        folders = [
            entry for folder in folders for entry in list_entries(folder) if entry.is_dir() and not entry.is_symlink()
        ]
    return None


def describe_entries(folder: Path) -> str:
    """Return the names of what a folder contains, for messages."""
    names = [entry.name for entry in list_entries(folder)]
    more = f" and {len(names) - _MAX_LISTED} more" if len(names) > _MAX_LISTED else ""
    return f"{', '.join(names[:_MAX_LISTED])}{more}" if names else "nothing"


def copy_files(files_by_path: Mapping[str, Path], folder: Path) -> Path:
    """Copy files into a new folder under other names, and return the folder; links stay links, times are kept.

    Args:
        files_by_path: The files or folders to copy, by their path in the new folder.
        folder: The folder to create.

    """
    folder.mkdir(parents=True)
    for path, source in files_by_path.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir() and not source.is_symlink():
            shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True, copy_function=shutil.copy2)
        else:
            shutil.copy2(source, target, follow_symlinks=False)
    return folder


def extract_download(download: Path, scratch_folder: Path) -> tuple[Path, tuple[str, ...]]:
    """Return the folder of a download, and what could not be extracted; an archive is extracted first.

    Args:
        download: The archive or folder, as the course system or the browser has written it.
        scratch_folder: A folder that does not exist yet, for the extracted files.

    Raises:
        UsageError: It does not exist, or cannot be extracted.

    """
    if download.is_dir():
        return download, ()
    if not download.exists():
        raise UsageError(f"{download} does not exist.", "Name the file or folder that you downloaded.")
    scratch_folder.mkdir(parents=True)
    problems = archives.extract_archive(download, scratch_folder, archives.CLASS_ARCHIVE_LIMITS)
    return scratch_folder, tuple(f"{problem.path}: {problem.message}" for problem in problems)
