"""Moodle's 'Download all submissions': one folder per learner and kind of submission, or one file with a long name.

The names are those of `load_submissionplugin_filelist` in Moodle's `mod/assign/classes/downloader.php`. The number in
them is the learner's in this assignment ('Identifier' in the grading worksheet), and not that of the account. All times
in the zip are those of the download.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from runner.grading.classes import download_files, online_text
from runner.grading.classes.download_model import Download, DownloadedSubmission, Owner

SYSTEM = "Moodle"
EXAMPLE = "a folder 'Ada Lovelace_1234567_assignsubmission_file'"
_NAME = re.compile(
    r"(?P<name>.+?)(?:_(?P<number>\d+))?_assign(?P<kind>submission|feedback)_(?P<plugin>[a-z]+)(?:_(?P<file>.*))?"
)
_ONLINE_TEXT = "onlinetext"


def is_download_folder(folder: Path) -> bool:
    """Return whether a folder directly contains what Moodle writes."""
    return any(_NAME.fullmatch(entry.name) for entry in download_files.list_entries(folder))


def read_download(folder: Path, scratch_folder: Path) -> Download:
    """Read a download; see `DownloadReader`."""
    entries_by_owner: dict[Owner, list[tuple[re.Match[str], Path]]] = {}
    ignored = []
    for entry in download_files.list_entries(folder):
        match = _NAME.fullmatch(entry.name)
        if not match:
            ignored.append(entry.name)
        elif match["kind"] == "submission":
            owner = Owner(name=match["name"], number=match["number"] or "")
            entries_by_owner.setdefault(owner, []).append((match, entry))
    submissions = [
        _read_submission(owner, entries, scratch_folder / f"{number}")
        for number, (owner, entries) in enumerate(entries_by_owner.items())
    ]
    return Download(tuple(submissions), tuple(ignored))


def _read_submission(
    owner: Owner, entries: Iterable[tuple[re.Match[str], Path]], scratch_folder: Path
) -> DownloadedSubmission:
    files: dict[str, Path] = {}
    text_files: list[Path] = []
    label = ""
    for match, entry in entries:
        label = label or entry.name
        if match["plugin"] == _ONLINE_TEXT:
            text_files += download_files.list_entries(entry) if entry.is_dir() else [entry]
        elif entry.is_dir():
            files |= {file.name: file for file in download_files.list_entries(entry)}
        else:
            files[match["file"] or entry.name] = entry
    folder = download_files.copy_files(files, scratch_folder)
    # Pictures in the text are files next to it.
    pages = [file for file in text_files if file.suffix.lower() == ".html"] or text_files
    notes = online_text.add_online_text(pages[0], folder) if pages else []
    return DownloadedSubmission(label, folder, (owner,), notes=tuple(notes))
