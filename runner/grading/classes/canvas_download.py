"""Canvas' 'Download Submissions': one file per upload, named `lovelaceada_LATE_12345_678901_submission-1.md`.

The names are those of `add_submission` in Canvas' `lib/content_zipper.rb`: the sortable name in lower case and without
spaces, `LATE`, the number of the account, the number of the upload, and the file's name. Canvas numbers the names of
files that are uploaded again. All times in the zip are those of the download.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from runner.grading import system_files
from runner.grading.classes import download_files, online_text
from runner.grading.classes.download_model import Download, DownloadedSubmission, Owner
from runner.grading.snapshot import SUBMISSION_FILE

SYSTEM = "Canvas"
EXAMPLE = "a file 'lovelaceada_12345_678901_submission.md'"
_NAME = re.compile(
    r"(?:(?P<name>.*?)_)?(?P<late>LATE_)?(?P<user>\d+|anon_[^_]+)_(?:(?P<upload>\d+)_(?P<file>.+)|(?P<page>text|link)\.html)"
)
_UPLOAD_SUFFIX = re.compile(r"(?P<stem>.+?)-\d{1,3}(?P<suffix>\.[^.]+|)")


@dataclass(frozen=True, slots=True)
class _Upload:
    path: Path
    owner: Owner
    is_late: bool
    number: int
    file_name: str

    @property
    def original_name(self) -> str:
        """The file's name without the number that Canvas adds when it is uploaded again."""
        match = _UPLOAD_SUFFIX.fullmatch(self.file_name)
        return f"{match['stem']}{match['suffix']}" if match else self.file_name


def is_download_folder(folder: Path) -> bool:
    """Return whether a folder directly contains what Canvas writes."""
    return any(_NAME.fullmatch(entry.name) for entry in download_files.list_entries(folder) if entry.is_file())


def read_download(folder: Path, scratch_folder: Path) -> Download:
    """Read a download; see `DownloadReader`."""
    uploads_by_owner: dict[Owner, list[_Upload]] = {}
    ignored = []
    for entry in download_files.list_entries(folder):
        match = _NAME.fullmatch(entry.name)
        if not match or entry.is_dir():
            ignored.append(entry.name)
            continue
        if system_files.is_ignored_file(match["file"] or ""):
            continue
        owner = Owner(squashed_name=match["name"] or "", canvas_id=match["user"])
        file_name = match["file"] or f"{match['page']}.html"
        upload = _Upload(entry, owner, bool(match["late"]), int(match["upload"] or 0), file_name)
        uploads_by_owner.setdefault(owner, []).append(upload)
    submissions = [
        _read_submission(owner, sorted(uploads, key=lambda upload: upload.number), scratch_folder / f"{number}")
        for number, (owner, uploads) in enumerate(uploads_by_owner.items())
    ]
    return Download(tuple(submissions), tuple(ignored))


def _read_submission(owner: Owner, uploads: Sequence[_Upload], scratch_folder: Path) -> DownloadedSubmission:
    notes: list[str] = []
    files = {upload.file_name: upload.path for upload in uploads if upload.number}
    for upload in uploads:
        # A submission refers to its files by their own names, so each one is there under both names.
        if upload.number and upload.original_name != upload.file_name and upload.original_name not in files:
            files[upload.original_name] = upload.path
            notes.append(f"'{upload.file_name}' is also there as '{upload.original_name}'")
    notes += _choose_latest_markdown(uploads, files)
    folder = download_files.copy_files(files, scratch_folder)
    pages = [upload.path for upload in uploads if upload.file_name == "text.html"]
    notes += online_text.add_online_text(pages[0], folder) if pages else []
    return DownloadedSubmission(
        label=uploads[-1].path.name,
        folder=folder,
        owners=(owner,),
        is_marked_late=any(upload.is_late for upload in uploads),
        rank=uploads[-1].number,
        notes=tuple(notes),
    )


def _choose_latest_markdown(uploads: Sequence[_Upload], files: dict[str, Path]) -> list[str]:
    """Keep only the latest `submission.md` of a learner, and the latest archive; return what was left out."""
    markdown = [upload for upload in uploads if upload.original_name.lower() == SUBMISSION_FILE]
    zipped = [upload for upload in uploads if PurePosixPath(upload.file_name).suffix.lower() == ".zip"]
    notes = []
    for versions in (markdown, zipped):
        for older in versions[:-1]:
            files.pop(older.file_name, None)
            notes.append(f"'{versions[-1].file_name}' is graded, because '{older.file_name}' is older")
    if markdown:
        latest = markdown[-1]
        files.pop(latest.file_name, None)
        files[SUBMISSION_FILE if latest.original_name == SUBMISSION_FILE else latest.original_name] = latest.path
    return notes
