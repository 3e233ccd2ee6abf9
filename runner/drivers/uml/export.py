"""Parts as one file, for a machine with neither Debian nor a network: a compressed tar archive, its record first."""

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
from runner.drivers.uml import artifacts, packing, sparse_tar
from runner.drivers.uml.artifacts import Parts
from runner.errors import HostError, UsageError
from runner.status import DetailCallback, StatusReporter
from runner.storage import atomic

_DISK, _FOLDERS = "disk.img", ("jail", "registry", "tls")
_TOPS = tuple((name,) for name in _FOLDERS)
# The least effort compresses nearly as well here, and several times as fast.
_EFFORT = 1
# A record lists some images; what is longer is none.
_RECORD_LIMIT = 1 << 20
_CHUNK = 1 << 20


def export_to(file: Path, reporter: StatusReporter) -> Parts:
    """Write the newest parts that fit this version to a file.

    Args:
        file: Where to; what is there already is replaced once all is written.
        story: Where to show it.

    Returns:
        The parts.

    Raises:
        HostError: There are no parts, or the file cannot be written.

    """
    found = artifacts.find()
    if not found:
        raise HostError("There is nothing to export yet.", "Type 'labs images build --driver uml' first.")
    with (
        reporter.step(f"Exporting to {file}") as tell,
        _explained(f"writing {file}", file.parent),
        # A USB stick may be pulled out as soon as the export is reported as done.
        atomic.open_replacement(file, durable=True) as target,
    ):
        _write(found, _Counted(target, "written", tell))
    return found


def import_from(file: Path, reporter: StatusReporter) -> Parts:
    """Make parts from a file that `export_to` has written; the images' lock must be held.

    Nothing is left of a file that turns out to be damaged. What is in a good one runs on this machine later, walled in,
    so it should come from somebody who could as well give you labs itself.

    Args:
        file: The file.
        story: Where to show it.

    Raises:
        UsageError: It is no such file, a damaged one, or one for another version or processor.
        HostError: There is no room for its content.

    """
    with reporter.step(f"Importing from {file}") as tell:
        try:
            source = file.open("rb")
        except OSError as error:
            raise UsageError(f"{file} cannot be read: {error.strerror}.", "Name a file that was exported.") from error
        with source, artifacts.half() as folder, _explained(f"unpacking {file}", folder), _whole(file):
            return artifacts.complete(_read(file, _Counted(source, "read", tell), folder))


def _write(found: Parts, target: _Counted) -> None:
    with (
        gzip.GzipFile(fileobj=target, mode="wb", compresslevel=_EFFORT, filename="") as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as archive,
    ):
        record = found.record().encode()
        entry = tarfile.TarInfo(artifacts.RECORD)
        entry.size = len(record)
        archive.addfile(entry, io.BytesIO(record))
        sparse_tar.add(archive, found.disk, _DISK)
        for folder in _FOLDERS:
            for path in sorted((found.folder / folder).rglob("*")):
                # The links are the same everywhere, and whoever reads this needs not wonder where others may lead.
                if not path.is_symlink() and (path.is_dir() or path.is_file()):
                    archive.add(path, str(path.relative_to(found.folder)), recursive=False, filter=_anonymous)


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


def _read(file: Path, source: _Counted, folder: Path) -> Parts:
    with gzip.GzipFile(fileobj=source, mode="rb") as packed:
        with tarfile.open(fileobj=packed, mode="r|") as archive:
            entries = iter(archive)
            record = _record(file, archive, next(entries, None))
            for entry in entries:
                _extract(file, archive, entry, folder)
        # Only at its very end does it prove to be whole.
        while packed.read(_CHUNK):
            pass
    if not (folder / _DISK).is_file() or not all((folder / name).is_dir() for name in _FOLDERS):
        raise _damaged(file, "parts are missing")
    packing.link(folder)
    return replace(record, folder=folder, made=time.time())


def _record(file: Path, archive: tarfile.TarFile, first: tarfile.TarInfo | None) -> Parts:
    no_export = UsageError(
        f"{file} is no export of labs, or one of another version than {runner.__version__}.",
        "Export it anew with the same version of labs.",
    )
    if first is None or first.name != artifacts.RECORD or not first.isreg() or first.size > _RECORD_LIMIT:
        raise no_export
    content = archive.extractfile(first)
    assert content is not None
    try:
        record = artifacts.parse(content.read().decode(), Path())
    except ValueError as error:
        raise no_export from error
    if record.processor != artifacts.processor():
        raise UsageError(
            f"{file} is for {record.processor} processors, and this one is {artifacts.processor()}.",
            "Export it on a machine of this kind.",
        )
    if record.digest != artifacts.digest():
        raise UsageError(
            f"{file} was made by labs {record.version}, whose recipes are not those of this {runner.__version__}.",
            "Export it anew with the same version of labs.",
        )
    return record


def _extract(file: Path, archive: tarfile.TarFile, entry: tarfile.TarInfo, folder: Path) -> None:
    within = PurePosixPath(entry.name)
    ours = entry.name == _DISK or (within.parts[:1] in _TOPS and ".." not in within.parts)
    if not ours or not (entry.isreg() or entry.isdir()):
        raise _damaged(file, f"'{entry.name}' does not belong there")
    target = folder / within
    if entry.isdir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    sparse_tar.extract(archive, entry, target)
    target.chmod(0o755 if entry.mode & 0o100 else 0o644)


def _damaged(file: Path, reason: str) -> UsageError:
    return UsageError(f"{file} is damaged: {reason}.", "Copy it again from where it was exported, or export it anew.")


@contextmanager
def _whole(file: Path) -> Iterator[None]:
    """Turn what reading a damaged file raises into one error."""
    try:
        yield
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, FileExistsError, NotADirectoryError) as error:
        raise _damaged(file, "it is cut short, or not what was written") from error
    except (ValueError, OverflowError) as error:
        raise _damaged(file, str(error)) from error


@contextmanager
def _explained(doing: str, folder: Path) -> Iterator[None]:
    """Turn an error of the file system into one that says what was being done."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise HostError(
                f"The disk is full ({doing}).", f"Make room in {folder.parent}, then type this again."
            ) from error
        raise HostError(f"{doing[0].upper()}{doing[1:]} failed: {error}.", "Choose another file or folder.") from error


class _Counted(io.RawIOBase):
    """A file that tells how much went through it."""

    def __init__(self, file: IO[bytes], verb: str, tell: DetailCallback) -> None:
        super().__init__()
        self._file = file
        self._verb = verb
        self._tell = tell
        self._bytes = 0

    def _count(self, size: int) -> None:
        before = self._bytes // 10**7
        self._bytes += size
        if self._bytes // 10**7 > before:
            self._tell(f"{self._bytes // 10**6} MB {self._verb}")

    def read(self, size: int = -1, /) -> bytes:
        """Read, and count it."""
        data = self._file.read(size)
        self._count(len(data))
        return data

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        """Write, and count it."""
        self._count(len(data))
        return self._file.write(data)
