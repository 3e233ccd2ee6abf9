"""Exports artifacts to one file and imports them, for hosts without Debian or a network.

The file is a compressed tar archive; its first entry is the artifacts' record.
"""

from __future__ import annotations

import errno
import gzip
import io
import tarfile
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import IO

import runner
from runner.drivers.uml import artifact_builder, artifacts, sparse_tar
from runner.drivers.uml.artifacts import Artifacts
from runner.errors import HostError, UsageError
from runner.status import DetailCallback, StatusReporter
from runner.storage import atomic

_DISK, _FOLDERS = "disk.img", ("sandbox", "registry", "tls")
# The lowest level compresses nearly as well here, and is several times as fast.
_COMPRESSION_LEVEL = 1
# A record lists a few images. A longer entry is not a record.
_MAX_RECORD_BYTES = 1 << 20
_CHUNK = 1 << 20
_REPORT_BYTES = 10**7


def export_artifacts(archive_path: Path, reporter: StatusReporter) -> Artifacts:
    """Write the newest artifacts that match this version to a file.

    Args:
        archive_path: The file; an existing file is replaced once everything is written.
        reporter: Shows the steps.

    Returns:
        The artifacts.

    Raises:
        HostError: There are no artifacts, or the file cannot be written.

    """
    exported = artifacts.find_newest_artifacts()
    if not exported:
        raise HostError("There is nothing to export yet.", "Run 'labs images build --driver uml' first.")
    with (
        reporter.report_step(f"Exporting to {archive_path}") as report_detail,
        _translate_file_errors(f"writing {archive_path}", archive_path.parent),
        # A USB stick may be unplugged as soon as the export is reported as done.
        atomic.open_replacement(archive_path, durable=True) as target,
    ):
        _write_archive(exported, _ReportingFile(target, "written", report_detail))
    return exported


def import_artifacts(archive_path: Path, reporter: StatusReporter) -> Artifacts:
    """Install artifacts from a file that `export_artifacts` has written; the images' lock must be held.

    A damaged file leaves nothing behind. The content of a valid file will run on this host, in a sandbox. So it should
    come only from a source that you would also install labs from.

    Args:
        archive_path: The file.
        reporter: Shows the steps.

    Raises:
        UsageError: The file is not an export, is damaged, or was written for another version or processor.
        HostError: There is not enough free disk space.

    """
    with reporter.report_step(f"Importing from {archive_path}") as report_detail:
        try:
            source = archive_path.open("rb")
        except OSError as error:
            raise UsageError(
                f"{archive_path} cannot be read: {error.strerror}.",
                "Name a file that 'labs images export' wrote.",
            ) from error
        with (
            source,
            artifacts.create_partial_folder() as folder,
            _translate_file_errors(f"unpacking {archive_path}", folder),
            _translate_damage_errors(archive_path),
        ):
            imported = _read_archive(archive_path, _ReportingFile(source, "read", report_detail), folder)
            return artifacts.publish_artifacts(imported)


def _write_archive(exported: Artifacts, target: _ReportingFile) -> None:
    with (
        gzip.GzipFile(fileobj=target, mode="wb", compresslevel=_COMPRESSION_LEVEL, filename="") as compressed,
        tarfile.open(fileobj=compressed, mode="w|", format=tarfile.PAX_FORMAT) as archive,
    ):
        record = exported.render_record().encode()
        entry = tarfile.TarInfo(artifacts.RECORD_NAME)
        entry.size = len(record)
        archive.addfile(entry, io.BytesIO(record))
        sparse_tar.add_sparse_file(archive, exported.base_disk, _DISK)
        for folder in _FOLDERS:
            for path in sorted((exported.folder / folder).rglob("*")):
                # Links are the same everywhere and the import creates them again, so it can reject links in the file.
                if not path.is_symlink() and (path.is_dir() or path.is_file()):
                    name = str(path.relative_to(exported.folder))
                    archive.add(path, name, recursive=False, filter=_remove_owner)


def _remove_owner(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


def _read_archive(archive_path: Path, source: _ReportingFile, folder: Path) -> Artifacts:
    with gzip.GzipFile(fileobj=source, mode="rb") as compressed:
        with tarfile.open(fileobj=compressed, mode="r|") as archive:
            entries = iter(archive)
            record = _read_record(archive_path, archive, next(entries, None))
            for entry in entries:
                _extract_entry(archive_path, archive, entry, folder)
        # The checksum is at the very end of the file, so everything must be read to verify it.
        while compressed.read(_CHUNK):
            pass
    if not (folder / _DISK).is_file() or not all((folder / name).is_dir() for name in _FOLDERS):
        raise _create_import_error(archive_path, "files are missing")
    artifact_builder.create_sandbox_usr_links(folder)
    return replace(record, folder=folder, created_at=time.time())


def _read_record(archive_path: Path, archive: tarfile.TarFile, entry: tarfile.TarInfo | None) -> Artifacts:
    not_an_export = UsageError(
        f"{archive_path} is not an export of labs, or is an export of another version than {runner.__version__}.",
        "Export it again with the same version of labs.",
    )
    if entry is None or entry.name != artifacts.RECORD_NAME or not entry.isreg() or entry.size > _MAX_RECORD_BYTES:
        raise not_an_export
    content = archive.extractfile(entry)
    assert content is not None
    try:
        record = artifacts.parse_record(content.read().decode(), Path())
    except ValueError as error:
        raise not_an_export from error
    if record.architecture != artifacts.detect_architecture():
        raise UsageError(
            f"{archive_path} is for {record.architecture} processors; this host has {artifacts.detect_architecture()}.",
            "Export it on a host with the same kind of processor.",
        )
    if record.digest != artifacts.compute_build_digest():
        raise UsageError(
            f"{archive_path} was exported by labs {record.labs_version}, whose recipes differ from those of this "
            f"version, {runner.__version__}.",
            "Export it again with the same version of labs.",
        )
    return record


def _extract_entry(archive_path: Path, archive: tarfile.TarFile, entry: tarfile.TarInfo, folder: Path) -> None:
    relative = PurePosixPath(entry.name)
    is_expected = entry.name == _DISK or (
        relative.parts[:1] in [(name,) for name in _FOLDERS] and ".." not in relative.parts
    )
    if not is_expected or not (entry.isreg() or entry.isdir()):
        raise _create_import_error(archive_path, f"it contains an unexpected entry '{entry.name}'")
    target = folder / relative
    if entry.isdir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    sparse_tar.extract_sparse_file(archive, entry, target)
    target.chmod(0o755 if entry.mode & 0o100 else 0o644)


def _create_import_error(archive_path: Path, reason: str) -> UsageError:
    return UsageError(
        f"{archive_path} cannot be imported: {reason}.",
        "Copy the file again from where it was exported, or export it again.",
    )


@contextmanager
def _translate_damage_errors(archive_path: Path) -> Iterator[None]:
    """Turn the exceptions that a damaged file causes into one error."""
    try:
        yield
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, FileExistsError, NotADirectoryError) as error:
        raise _create_import_error(archive_path, "it is incomplete or damaged, or is not an export of labs") from error
    except (ValueError, OverflowError) as error:
        raise _create_import_error(archive_path, f"it is damaged ({error})") from error


@contextmanager
def _translate_file_errors(activity: str, folder: Path) -> Iterator[None]:
    """Turn an error of the file system into one that says what failed."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise HostError(
                f"The disk is full ({activity}).", f"Free disk space for {folder.parent}, then retry."
            ) from error
        raise HostError(
            f"{activity[0].upper()}{activity[1:]} failed: {error.strerror or error}.", "Choose another file or folder."
        ) from error


class _ReportingFile(io.RawIOBase):
    """A file that reports how much was read from it or written to it."""

    def __init__(self, file: IO[bytes], verb: str, report_detail: DetailCallback) -> None:
        super().__init__()
        self._file = file
        self._verb = verb
        self._report_detail = report_detail
        self._bytes = 0

    def _add_bytes(self, size: int) -> None:
        reports_before = self._bytes // _REPORT_BYTES
        self._bytes += size
        if self._bytes // _REPORT_BYTES > reports_before:
            self._report_detail(f"{self._bytes // 10**6} MB {self._verb}")

    def read(self, size: int = -1, /) -> bytes:
        """Read, and report the progress."""
        data = self._file.read(size)
        self._add_bytes(len(data))
        return data

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        """Write, and report the progress."""
        self._add_bytes(len(data))
        return self._file.write(data)
