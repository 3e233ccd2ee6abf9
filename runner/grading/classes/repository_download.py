"""Clones of the repositories of a class, as GitHub Classroom and Classroom 50 write them: `ASSIGNMENT-LOGIN/`.

Their commands put them into `ASSIGNMENT-submissions/`, or into a folder of the teacher's choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from runner.grading.classes import download_files
from runner.grading.classes.download_model import Download, DownloadedSubmission, Owner
from runner.grading.commit_time import read_commit_time

SYSTEM = "Classroom 50"
EXAMPLE = "a folder 'swarm-basics-ada' with a clone of the repository"
COMMIT_TIME = "commit time"
_FOLDER_SUFFIX = "-submissions"


def is_download_folder(folder: Path) -> bool:
    """Return whether a folder directly contains clones."""
    return any((entry / ".git").exists() for entry in download_files.list_entries(folder) if entry.is_dir())


def read_download(folder: Path, scratch_folder: Path) -> Download:
    """Read a download; see `DownloadReader`. The clones are graded where they are."""
    entries = download_files.list_entries(folder)
    repositories = [entry for entry in entries if (entry / ".git").exists()]
    prefix = _find_prefix(folder, [repository.name for repository in repositories])
    ignored = tuple(entry.name for entry in entries if entry not in repositories)
    return Download(tuple(_read_submission(repository, prefix) for repository in repositories), ignored)


def _find_prefix(folder: Path, names: Sequence[str]) -> str:
    """Return what precedes the user name in the names of all repositories."""
    assignment = folder.resolve().name
    if assignment.endswith(_FOLDER_SUFFIX):
        prefix = f"{assignment.removesuffix(_FOLDER_SUFFIX)}-"
        if all(name.startswith(prefix) for name in names):
            return prefix
    if len(names) < 2:
        return ""
    first, last = min(names), max(names)
    length = next((index for index, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return first[: first.rfind("-", 0, length) + 1]


def _read_submission(repository: Path, prefix: str) -> DownloadedSubmission:
    time = read_commit_time(repository)
    owner = Owner(login=repository.name.removeprefix(prefix))
    return DownloadedSubmission(repository.name, repository, (owner,), time, COMMIT_TIME if time else "")
