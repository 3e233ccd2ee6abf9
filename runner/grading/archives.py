"""Extract archives of submissions. Their content is untrusted: only regular files are written, and only into a folder.

A member that is not allowed (a link, a device, a path that leads elsewhere, a file that is too large) is left out and
reported, so that one bad file does not cost a learner all points. An archive that is damaged, encrypted or unreasonably
large is refused. The formats are zip and tar, the latter also with the compressions gzip, bzip2 and xz.
"""

from __future__ import annotations

import os
import re
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from runner.errors import UsageError
from runner.grading import system_files
from runner.grading.archive_members import ArchiveMember, UnreadableArchiveError, list_archive_members
from runner.lessons.problems import Problem
from runner.sanitize import strip_control_chars

_SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
_UNSUPPORTED_SUFFIXES = (".7z", ".rar", ".zipx", ".tar.zst", ".tzst", ".gz", ".bz2", ".xz", ".zst")
_DRIVE = re.compile(r"[A-Za-z]:")
_MAX_SHOWN_LENGTH, _MAX_DEPTH = 200, 40
# What Linux allows for one name; the path of the folder that the archive is extracted to is added to the other.
_MAX_NAME_BYTES, _MAX_PATH_BYTES = 255, 2048
_BYTES_PER_TAR_HEADER = 2048


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """The limits for one archive. The defaults are for one learner's archive.

    Attributes:
        archive_bytes: The maximum size of the archive itself.
        member_bytes: The maximum size of a file; larger ones are left out.
        total_bytes: The maximum size of all extracted files together.
        max_members: The maximum number of files and folders.
        max_ratio: How much larger the files may be than the archive, once they exceed `ratio_exempt_bytes`.
        ratio_exempt_bytes: The size of all files up to which the ratio does not matter.

    """

    archive_bytes: int = 100 << 20
    member_bytes: int = 50 << 20
    total_bytes: int = 200 << 20
    max_members: int = 5_000
    max_ratio: int = 200
    ratio_exempt_bytes: int = 20 << 20

    @property
    def max_tar_bytes(self) -> int:
        """The maximum size of a tar archive without its compression."""
        return self.total_bytes + self.max_members * _BYTES_PER_TAR_HEADER


SUBMISSION_ARCHIVE_LIMITS = ArchiveLimits()
CLASS_ARCHIVE_LIMITS = ArchiveLimits(
    archive_bytes=4 << 30, member_bytes=100 << 20, total_bytes=8 << 30, max_members=200_000
)


class ArchiveError(UsageError):
    """An archive that cannot be read, or is not safe to extract.

    Args:
        archive: The name of the archive.
        reason: Why, with the name of the member that is affected.

    """

    def __init__(self, archive: str, reason: str) -> None:
        self.archive, self.reason = archive, reason
        advice = "Extract it yourself if you trust it, or ask for a new zip or tar archive of the submission's folder."
        super().__init__(f"Cannot read the archive {archive}: {reason}.", advice)

    def __reduce__(self) -> tuple[type[ArchiveError], tuple[str, str]]:
        return type(self), (self.archive, self.reason)


def is_archive(path: Path) -> bool:
    """Return whether a file's name is that of an archive that `extract_archive` reads."""
    return path.name.lower().endswith(_SUFFIXES)


def is_unsupported_archive(path: Path) -> bool:
    """Return whether a file's name is that of an archive or compressed file that `extract_archive` does not read."""
    return not is_archive(path) and path.name.lower().endswith(_UNSUPPORTED_SUFFIXES)


def strip_archive_suffix(name: str) -> str:
    """Return the name of an archive of any format without its suffix, as in `ada` for `ada.tar.gz` and `ada.rar`."""
    suffixes = (suffix for suffix in (*_SUFFIXES, *_UNSUPPORTED_SUFFIXES) if name.lower().endswith(suffix))
    suffix = max(suffixes, key=len, default="")
    return name[: len(name) - len(suffix)]


def extract_archive(
    archive: Path, folder: Path, limits: ArchiveLimits = SUBMISSION_ARCHIVE_LIMITS
) -> tuple[Problem, ...]:
    """Extract an untrusted archive; files keep their content, their modification time, and whether they are executable.

    Files and folders of tools and operating systems, such as `.git` and `__MACOSX`, are not extracted. An archive in
    the archive is extracted as a file.

    Args:
        archive: A zip or tar archive; its content decides which of the two it is.
        folder: An existing, empty folder.
        limits: The limits.

    Returns:
        The members that were left out, each with its reason and a path that starts with the name of the archive.

    Raises:
        ArchiveError: The archive is damaged, encrypted, too large, or cannot be read.
        OSError: The files cannot be written.

    """
    name = strip_control_chars(archive.name)
    try:
        size = archive.stat().st_size
        if size > limits.archive_bytes:
            raise UnreadableArchiveError(f"it is larger than {_format_size(limits.archive_bytes)}")
        extraction = _Extraction(name, max(size, 1), folder, limits)
        with closing(list_archive_members(archive, limits.max_members, limits.max_tar_bytes)) as members:
            for member in members:
                extraction.extract_member(member)
    except FileNotFoundError:
        raise ArchiveError(name, "the file does not exist") from None
    except UnreadableArchiveError as error:
        raise ArchiveError(name, strip_control_chars(str(error))) from error
    return tuple(extraction.problems)


@dataclass(slots=True)
class _Extraction:
    archive_name: str
    archive_bytes: int
    folder: Path
    limits: ArchiveLimits
    problems: list[Problem] = field(default_factory=list)
    member_count: int = 0
    total_bytes: int = 0

    def extract_member(self, member: ArchiveMember) -> None:
        """Write a member's file or folder, or report why it is left out."""
        parts = [part for part in member.name.split("/") if part not in ("", ".")]
        if _is_ignored(parts, member.is_folder):
            return
        self.member_count += 1
        if self.member_count > self.limits.max_members:
            raise _create_limit_error(member, f"it has more than {self.limits.max_members} files and folders")
        path = self.folder.joinpath(*parts)
        if message := _find_path_problem(member.name, parts) or member.refusal:
            self._report(member, message)
        elif member.size > self.limits.member_bytes:
            self._report(member, f"too large; at most {_format_size(self.limits.member_bytes)} are allowed")
        else:
            self._write_member(member, path)

    def _write_member(self, member: ArchiveMember, path: Path) -> None:
        try:
            (path if member.is_folder else path.parent).mkdir(parents=True, exist_ok=True)
            if member.is_folder:
                return
            with path.open("xb") as file:
                self._write_content(member, file)
        except (FileExistsError, NotADirectoryError):
            self._report(member, "the archive contains this name more than once; the first one is used")
            return
        path.chmod(0o755 if member.is_executable else 0o644)
        os.utime(path, (member.modified_at, member.modified_at))

    def _write_content(self, member: ArchiveMember, file: IO[bytes]) -> None:
        for chunk in member.read_chunks():
            self.total_bytes += len(chunk)
            if self.total_bytes > self.limits.total_bytes:
                size = _format_size(self.limits.total_bytes)
                raise _create_limit_error(member, f"its files are larger than {size} together")
            ratio = self.limits.max_ratio
            if self.total_bytes > max(self.limits.ratio_exempt_bytes, self.archive_bytes * ratio):
                raise _create_limit_error(member, f"its files are more than {ratio} times as large as the archive")
            file.write(chunk)

    def _report(self, member: ArchiveMember, message: str) -> None:
        path = strip_control_chars(f"{self.archive_name}/{_shorten(member.name)}")
        self.problems.append(Problem(Path(path), 1, message))


def _is_ignored(parts: list[str], is_folder: bool) -> bool:
    folders = parts if is_folder else parts[:-1]
    is_ignored_file = not is_folder and bool(parts) and system_files.is_ignored_file(parts[-1])
    return is_ignored_file or any(map(system_files.is_ignored_folder, folders))


def _find_path_problem(name: str, parts: list[str]) -> str:
    """Return why a member's path is not allowed; empty if it is."""
    if not parts:
        return "" if name.strip("/.") == "" else "it has no name"
    if name.startswith("/"):
        return "absolute path; it is not extracted"
    if ".." in parts:
        return "path with '..'; it is not extracted"
    if _DRIVE.match(parts[0]):
        return "path with a Windows drive; it is not extracted"
    if "\\" in name or "\0" in name:
        return "path with a backslash or a null character; it is not extracted"
    sizes = [len(part.encode("utf-8", "replace")) for part in parts]
    if max(sizes) > _MAX_NAME_BYTES or sum(sizes) > _MAX_PATH_BYTES:
        return f"its name is longer than {_MAX_NAME_BYTES} bytes, or its path longer than {_MAX_PATH_BYTES}"
    return f"folders are nested more than {_MAX_DEPTH} levels deep" if len(parts) > _MAX_DEPTH else ""


def _create_limit_error(member: ArchiveMember, reason: str) -> UnreadableArchiveError:
    return UnreadableArchiveError(f"{reason} (reached at '{_shorten(member.name)}')")


def _shorten(name: str) -> str:
    return name if len(name) <= _MAX_SHOWN_LENGTH else f"{name[:_MAX_SHOWN_LENGTH]}..."


def _format_size(size: int) -> str:
    return f"{size >> 20} MB" if size >= 1 << 20 else f"{size >> 10} kB"
