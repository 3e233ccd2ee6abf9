"""Reads and writes the files of image bundles: compressed tar archives whose first entry is a manifest.

Beside a bundle `FILE` there is `FILE.sha256`, in the format of `sha256sum`, and `FILE.minisig` if it is signed.
"""

from __future__ import annotations

import errno
import gzip
import hashlib
import io
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import runner
from runner.errors import HostError, UsageError
from runner.images import bundle
from runner.images.bundle import BundleManifest
from runner.status import DetailCallback, StatusReporter
from runner.storage import atomic, codec

CHECKSUM_SUFFIX, SIGNATURE_SUFFIX = ".sha256", ".minisig"
_MANIFEST_NAME = "bundle.json"
# The lowest level compresses nearly as well here, and is several times as fast.
_COMPRESSION_LEVEL = 1
# A record lists a few images. A longer entry is not a record.
_MAX_RECORD_BYTES = 1 << 20
_CHUNK = 1 << 20
_REPORT_BYTES = 10**7


@dataclass(frozen=True, slots=True)
class BundleReader:
    """A bundle that is open for reading, from its first entry to its last.

    Attributes:
        path: The file, for messages.
        manifest: Its manifest.
        archive: The archive; the manifest has been read from it.

    """

    path: Path
    manifest: BundleManifest
    archive: tarfile.TarFile

    def read_record(self, name: str) -> bytes:
        """Return the content of the next entry, which must be a short file with this name.

        Raises:
            UsageError: The next entry is something else.

        """
        content = _read_short_entry(self.archive, self.archive.next(), name)
        if content is None:
            raise create_import_error(self.path, f"it does not contain {name}")
        return content


@contextmanager
def create_bundle(path: Path, manifest: BundleManifest, reporter: StatusReporter) -> Iterator[tarfile.TarFile]:
    """Create a bundle, and beside it the file with its checksum.

    Args:
        path: The file; an existing file is replaced once everything is written.
        manifest: What the bundle says about itself.
        reporter: Shows the step.

    Yields:
        The archive, to add the images to.

    Raises:
        HostError: The file cannot be written.

    """
    with (
        reporter.report_step(f"Exporting to {path}") as report_detail,
        _translate_file_errors(f"writing {path}", path.parent),
    ):
        # A USB stick may be unplugged as soon as the export is reported as done.
        with atomic.open_replacement(path, durable=True) as target:
            written = _ReportingFile(target, "written", report_detail)
            with (
                gzip.GzipFile(fileobj=written, mode="wb", compresslevel=_COMPRESSION_LEVEL, filename="") as compressed,
                tarfile.open(fileobj=compressed, mode="w|", format=tarfile.PAX_FORMAT) as archive,
            ):
                add_record(archive, _MANIFEST_NAME, codec.encode_json(manifest, indent=2).encode())
                yield archive
            # They are about the file that is replaced now.
            for suffix in (CHECKSUM_SUFFIX, SIGNATURE_SUFFIX):
                add_suffix(path, suffix).unlink(missing_ok=True)
        # There is no place beside a pipe or a device.
        if path.is_file():
            line = f"{written.sha256.hexdigest()}  {path.name}\n"
            atomic.write_text(add_suffix(path, CHECKSUM_SUFFIX), line, durable=True)


@contextmanager
def open_bundle(path: Path, reporter: StatusReporter) -> Iterator[BundleReader]:
    """Open a bundle; after the block, the rest of the file is read and its checksum is verified.

    Args:
        path: The file.
        reporter: Shows the step.

    Raises:
        UsageError: The file is not a bundle, is damaged, or was written by another version of labs.
        HostError: There is not enough free disk space for what the block unpacks.

    """
    with (
        reporter.report_step(f"Importing {path.name}") as report_detail,
        _open_file(path) as source,
        _translate_file_errors(f"unpacking {path}", path),
        _translate_damage_errors(path),
        gzip.GzipFile(fileobj=_ReportingFile(source, "read", report_detail), mode="rb") as compressed,
    ):
        with tarfile.open(fileobj=compressed, mode="r|") as archive:
            yield BundleReader(path, _read_manifest(path, archive), archive)
        # The checksum is at the very end of the file, so everything must be read to verify it.
        while compressed.read(_CHUNK):
            pass


def load_manifest(path: Path) -> BundleManifest:
    """Return the manifest of a bundle, without reading the rest.

    Raises:
        UsageError: The file is not a bundle, is damaged, or was written by another version of labs.

    """
    with (
        _open_file(path) as source,
        _translate_damage_errors(path),
        gzip.GzipFile(fileobj=source, mode="rb") as compressed,
        tarfile.open(fileobj=compressed, mode="r|") as archive,
    ):
        return _read_manifest(path, archive)


def check_readable(path: Path) -> None:
    """Check that a bundle can be opened.

    Raises:
        UsageError: It is missing, or this user may not read it.

    """
    _open_file(path).close()


def add_record(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    """Add a short file to an archive."""
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))


def add_suffix(path: Path, suffix: str) -> Path:
    """Return the path of the file beside a bundle that has this suffix."""
    return path.with_name(path.name + suffix)


def create_import_error(path: Path, reason: str) -> UsageError:
    """Return the error for a bundle that cannot be imported."""
    return UsageError(
        f"{path} cannot be imported: {reason}.", "Copy the file again from where it was exported, or export it again."
    )


def _open_file(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}.", "Name a file that 'labs images export' wrote."
        ) from error


def _read_manifest(path: Path, archive: tarfile.TarFile) -> BundleManifest:
    content = _read_short_entry(archive, archive.next(), _MANIFEST_NAME)
    try:
        if content is not None:
            return bundle.parse_manifest(content)
    except ValueError:
        pass
    raise UsageError(
        f"{path} is not an image bundle of labs, or is one of another version than {runner.__version__}.",
        "Export it again with the same version of labs.",
    )


def _read_short_entry(archive: tarfile.TarFile, entry: tarfile.TarInfo | None, name: str) -> bytes | None:
    """Return the content of an entry, or None if it is another entry than expected."""
    if entry is None or entry.name != name or not entry.isreg() or entry.size > _MAX_RECORD_BYTES:
        return None
    content = archive.extractfile(entry)
    assert content is not None
    return content.read()


@contextmanager
def _translate_damage_errors(path: Path) -> Iterator[None]:
    """Turn the exceptions that a damaged file causes into one error."""
    try:
        yield
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, FileExistsError, NotADirectoryError) as error:
        raise create_import_error(path, "it is incomplete or damaged, or is not an image bundle of labs") from error
    except (ValueError, OverflowError) as error:
        raise create_import_error(path, f"it is damaged ({error})") from error


@contextmanager
def _translate_file_errors(activity: str, folder: Path) -> Iterator[None]:
    """Turn an error of the file system into one that says what failed."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise HostError(f"The disk is full ({activity}).", f"Free disk space for {folder}, then retry.") from error
        raise HostError(
            f"{activity[0].upper()}{activity[1:]} failed: {error.strerror or error}.", "Choose another file or folder."
        ) from error


class _ReportingFile(io.RawIOBase):
    """A file that reports how much was read from it or written to it, and hashes what is written."""

    def __init__(self, file: IO[bytes], verb: str, report_detail: DetailCallback) -> None:
        super().__init__()
        self.sha256 = hashlib.sha256()
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
        self.sha256.update(data)
        return self._file.write(data)
