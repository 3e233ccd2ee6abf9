"""Folders of submissions that are named by their learners: what `labs grade` takes without a course system."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from runner.errors import UsageError
from runner.grading.classes import timestamps
from runner.grading.classes.deadlines import FILE_TIME
from runner.grading.classes.download_model import Download, DownloadedSubmission, Owner
from runner.grading.classes.repository_download import COMMIT_TIME
from runner.grading.commit_time import read_commit_time
from runner.grading.resource_limits import ResourceLimits
from runner.grading.sources import create_folder_source
from runner.grading.submission_reader import open_submission


def create_download(paths: Iterable[Path], with_times: bool) -> Download:
    """Return submissions as a download; the name of each can be any identifier of its learner.

    Args:
        paths: Folders or archives.
        with_times: Whether it matters when they were handed in.

    """
    return Download(tuple(_create_submission(path, with_times) for path in paths))


def _create_submission(path: Path, with_times: bool) -> DownloadedSubmission:
    name = create_folder_source(path).name
    owner = Owner(name=name, id=name, email=name, login=name)
    time, source = _find_time(path) if with_times else (None, "")
    return DownloadedSubmission(name, path, (owner,), time, source)


def _find_time(path: Path) -> tuple[datetime | None, str]:
    if (path / ".git").exists() and (time := read_commit_time(path)):
        return time, COMMIT_TIME
    try:
        # Extracting an archive keeps the times of its files.
        with open_submission(path, ResourceLimits()) as submission:
            if submission.text:
                return timestamps.from_timestamp(submission.text.path.stat().st_mtime), FILE_TIME
    except (UsageError, OSError):
        # Grading the submission reports what is wrong with it.
        pass
    return None, ""
