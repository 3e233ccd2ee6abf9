"""A snapshot of a submission: its files as they were when it was collected.

Hashing, grading, the comparison of submissions and Dask workers all use the snapshot, so a file that changes meanwhile
makes no difference. A snapshot holds at most `ResourceLimits.folder_bytes` (50 MB), so with 1,000 submissions not all
of them fit in memory: a submission is collected when an executor has capacity for it, and its snapshot is released
when it is graded. Only the texts that `similarity` compares (at most 128 kB per submission) are kept for longer.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from runner.lessons.problems import Problem

SUBMISSION_FILE = "submission.md"
_FILES_FOLDER = "files"


@dataclass(frozen=True, slots=True)
class SnapshotFile:
    """One file of a submission.

    Attributes:
        path: Its path in the submission's folder.
        content: Its content.
        is_executable: Whether its mode allows running it; other mode bits are not kept.

    """

    path: str
    content: bytes
    is_executable: bool

    @property
    def mode(self) -> int:
        """The file mode that copies of it get."""
        return 0o755 if self.is_executable else 0o644


@dataclass(frozen=True, slots=True)
class UnpackedSnapshot:
    """A snapshot whose files are on disk.

    Attributes:
        name: The name of the submission's folder.
        text_file: The copy of `submission.md`; None if it is missing, empty or not allowed.
        files_folder: The folder with copies of all other files.
        problems: What was not collected, with paths relative to the submission's folder.
        digest: The snapshot's hash.

    """

    name: str
    text_file: Path | None
    files_folder: Path
    problems: tuple[Problem, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was collected of a submission.

    Attributes:
        name: The name of its folder.
        text: The content of its `submission.md`; empty if it is missing or not allowed.
        files: All other files, in the order in which they were found.
        problems: What was not collected, with paths relative to its folder.
        notes: What was changed so that it can be graded.
        folder: The folder that contains its `submission.md`, as the user would name it.

    """

    name: str
    text: bytes
    files: tuple[SnapshotFile, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...] = ()
    folder: str = ""

    @property
    def digest(self) -> str:
        """The hash of all files, as `sha256:...`."""
        text_line = f"{SUBMISSION_FILE}\0{hashlib.sha256(self.text).hexdigest()}\n"
        files = sorted(self.files, key=lambda file: PurePosixPath(file.path).parts)
        return hash_lines(
            [text_line, *(format_hash_line(file.path, file.content, file.is_executable) for file in files)]
        )

    def unpack_into_folder(self, folder: Path) -> UnpackedSnapshot:
        """Write all files into an empty folder.

        Raises:
            OSError: They cannot be written.

        """
        files_folder = folder / _FILES_FOLDER
        files_folder.mkdir()
        for file in self.files:
            copy = files_folder / file.path
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.content)
            copy.chmod(file.mode)
        text_file = folder / SUBMISSION_FILE
        if self.text:
            text_file.write_bytes(self.text)
        return UnpackedSnapshot(self.name, text_file if self.text else None, files_folder, self.problems, self.digest)


def hash_files(root: Path, files: Iterable[Path]) -> str:
    """Return a hash that depends on the files' paths below a folder, their content, and whether they are executable."""
    paths = sorted(path for path in files if path.is_file())
    return hash_lines(
        format_hash_line(str(path.relative_to(root)), path.read_bytes(), os.access(path, os.X_OK)) for path in paths
    )


def hash_lines(lines: Iterable[str]) -> str:
    """Return a hash of lines, as `sha256:...`."""
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line.encode("utf-8", "surrogateescape"))
    return f"sha256:{digest.hexdigest()}"


def format_hash_line(path: str, content: bytes, is_executable: bool) -> str:
    """Return the line that represents a file in a hash of files."""
    return f"{path}\0{'x' if is_executable else '-'}{hashlib.sha256(content).hexdigest()}\n"
