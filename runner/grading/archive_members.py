"""List the members of an untrusted zip or tar archive. Nothing is extracted, and memory and disk space are bounded."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import stat
import struct
import tarfile
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

_CHUNK_BYTES = 64 << 10
# A zip's list of members, and each header of a tar, are read into memory in one piece.
_MAX_ZIP_ENTRY_BYTES, _MAX_TAR_HEADER_BYTES = 512, 1 << 20
_TAR_BLOCK_BYTES = 512
_DECOMPRESSORS: dict[bytes, Callable[[IO[bytes]], AbstractContextManager[_Readable]]] = {
    b"\x1f\x8b": lambda stream: gzip.GzipFile(fileobj=stream),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\0": lzma.LZMAFile,
}
# What the libraries raise for damaged archives, and for those that were made to attack them.
_DAMAGE_ERRORS = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, OSError, ValueError, LookupError, ArithmeticError, RecursionError, NotImplementedError),
)
_UTF8_FLAG, _ENCRYPTED_FLAG = 0x800, 0x1
_EXTENDED_TIMESTAMP = 0x5455
_MAX_TIME = 1 << 33


class UnreadableArchiveError(Exception):
    """An archive that is damaged, encrypted or too large; the text says why, and which member is affected."""


class _Readable(Protocol):
    """What all decompressors have in common."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes."""
        ...


@dataclass(frozen=True, slots=True)
class ArchiveMember:
    """A file or folder in an archive.

    Attributes:
        name: Its name in the archive; any text, such as `../../etc/passwd`.
        size: Its declared size.
        is_folder: Whether it is a folder.
        is_executable: Whether its owner may execute it.
        modified_at: Its modification time in seconds since 1970.
        refusal: Why it must not be extracted; empty for files and folders.
        open_content: Opens its content.

    """

    name: str
    size: int
    is_folder: bool
    is_executable: bool
    modified_at: float
    refusal: str
    open_content: Callable[[], IO[bytes]]

    def read_chunks(self) -> Iterator[bytes]:
        """Yield its content piece by piece.

        Raises:
            UnreadableArchiveError: The archive is damaged.

        """
        count = 0
        try:
            with self.open_content() as content:
                while chunk := content.read(_CHUNK_BYTES):
                    count += len(chunk)
                    yield chunk
        except NotImplementedError as error:
            raise UnreadableArchiveError(f"'{self.name}' is compressed in an unsupported way: {error}") from error
        except _DAMAGE_ERRORS as error:
            raise UnreadableArchiveError(f"it is damaged at '{self.name}': {error}") from error
        if count != self.size:
            raise UnreadableArchiveError(f"it is damaged at '{self.name}': the file is incomplete")


def list_archive_members(archive: Path, max_members: int, max_bytes: int) -> Generator[ArchiveMember]:
    """Yield the members of a zip or tar archive; its content, not its name, decides what it is.

    Args:
        archive: The archive.
        max_members: The maximum number of members of a zip.
        max_bytes: The maximum size of a tar without its compression.

    Raises:
        UnreadableArchiveError: It is damaged, encrypted, too large, or not an archive.

    """
    try:
        if not stat.S_ISREG(archive.stat().st_mode):
            raise UnreadableArchiveError("it is not a regular file")
        with archive.open("rb") as stream:
            start = stream.read(_TAR_BLOCK_BYTES)
            stream.seek(0)
            if start.startswith(b"PK"):
                yield from _list_zip_members(archive, max_members)
                return
            decompress = next((_DECOMPRESSORS[magic] for magic in _DECOMPRESSORS if start.startswith(magic)), None)
            if decompress is None:
                yield from _list_tar_members(archive)
                return
            with tempfile.NamedTemporaryFile(prefix="labs-archive-") as copy:
                with decompress(stream) as content:
                    _copy_bounded(content, copy, max_bytes)
                yield from _list_tar_members(Path(copy.name))
    except _DAMAGE_ERRORS as error:
        raise UnreadableArchiveError(f"it is damaged, or not a zip or tar archive: {error}") from error


class _BoundedReader(io.BufferedReader):
    """A file of which few bytes can be read while it is bounded, so that headers cannot use up the memory."""

    def __init__(self, path: Path, max_bytes: int) -> None:
        super().__init__(io.FileIO(path))
        self._max_bytes = max_bytes
        self._bytes_left: int | None = max_bytes

    def set_bounded(self, is_bounded: bool) -> None:
        """Allow another `max_bytes`, or any number of bytes."""
        self._bytes_left = self._max_bytes if is_bounded else None

    def read(self, size: int | None = -1, /) -> bytes:
        """Return at most `size` bytes."""
        if self._bytes_left is None:
            return super().read(size)
        count = self._bytes_left + 1 if size is None or size < 0 else min(size, self._bytes_left + 1)
        data = super().read(count)
        self._bytes_left -= len(data)
        if self._bytes_left < 0:
            raise UnreadableArchiveError("the list of its files is too large")
        return data


def _list_zip_members(archive: Path, max_members: int) -> Iterator[ArchiveMember]:
    max_list_bytes = max(max_members * _MAX_ZIP_ENTRY_BYTES, _MAX_TAR_HEADER_BYTES)
    with _BoundedReader(archive, max_list_bytes) as stream, zipfile.ZipFile(stream) as zip_file:
        stream.set_bounded(False)
        for info in zip_file.infolist():
            name = _decode_zip_name(info)
            if info.flag_bits & _ENCRYPTED_FLAG:
                raise UnreadableArchiveError(f"it is encrypted with a password (reached at '{name}')")
            mode = info.external_attr >> 16
            kind = stat.S_IFMT(mode)
            yield ArchiveMember(
                name,
                info.file_size,
                is_folder=name.endswith("/") or kind == stat.S_IFDIR,
                is_executable=bool(mode & stat.S_IXUSR),
                modified_at=_get_zip_time(info),
                refusal=_describe_refused_mode(mode) if kind not in (0, stat.S_IFREG, stat.S_IFDIR) else "",
                open_content=lambda info=info: zip_file.open(info),  # type: ignore[misc]
            )


def _decode_zip_name(info: zipfile.ZipInfo) -> str:
    """Return a member's name; macOS writes UTF-8 without saying so, and old programs on Windows write backslashes."""
    name = info.filename
    if not info.flag_bits & _UTF8_FLAG:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")


def _get_zip_time(info: zipfile.ZipInfo) -> float:
    """Return a member's modification time: in UTC if the zip has it, or else in the time zone of this host."""
    extra = info.extra
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        if kind == _EXTENDED_TIMESTAMP and size >= 5 and len(extra) >= 9 and extra[4] & 1:
            return _clamp_time(struct.unpack_from("<i", extra, 5)[0])
        extra = extra[4 + size :]
    try:
        return _clamp_time(time.mktime((*info.date_time, 0, 0, -1)))
    except (ValueError, OverflowError):
        return 0.0


def _clamp_time(seconds: float) -> float:
    # A file system cannot store every number that an archive can contain.
    return seconds if 0 <= seconds < _MAX_TIME else 0.0


def _describe_refused_mode(mode: int) -> str:
    return "symbolic link; replace it with the file itself" if stat.S_ISLNK(mode) else "not a regular file"


def _list_tar_members(path: Path) -> Iterator[ArchiveMember]:
    with _BoundedReader(path, _MAX_TAR_HEADER_BYTES) as stream, tarfile.open(fileobj=stream, mode="r:") as tar:
        name = ""
        for info in tar:
            name = info.name
            if info.size < 0:
                raise UnreadableArchiveError(f"it is damaged at '{name}': a negative size")
            stream.set_bounded(False)
            yield ArchiveMember(
                name,
                info.size if info.isreg() else 0,
                is_folder=info.isdir(),
                is_executable=bool(info.mode & stat.S_IXUSR),
                modified_at=_clamp_time(info.mtime),
                refusal=_describe_refused_tar_member(info),
                open_content=lambda info=info: _open_tar_member(tar, info),  # type: ignore[misc]
            )
            # The list of all members, which tarfile keeps, would take memory that nothing bounds.
            tar.members = []  # type: ignore[attr-defined]
            stream.set_bounded(True)
        stream.set_bounded(True)
        stream.seek(tar.offset)
        # At a damaged header, tarfile ends as it does at the end of the archive, which consists of zeros.
        if stream.read(_TAR_BLOCK_BYTES).strip(b"\0"):
            raise UnreadableArchiveError(f"it is damaged after '{name}'")


def _open_tar_member(tar: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    content = tar.extractfile(info)
    if content is None:
        raise ValueError("it is not a file")
    return content


def _describe_refused_tar_member(info: tarfile.TarInfo) -> str:
    if info.issym():
        return "symbolic link; replace it with the file itself"
    if info.islnk():
        return f"hard link to '{info.linkname}'; replace it with the file itself"
    return "" if info.isreg() or info.isdir() else "not a regular file"


def _copy_bounded(source: _Readable, target: IO[bytes], max_bytes: int) -> None:
    count = 0
    while chunk := source.read(_CHUNK_BYTES):
        count += len(chunk)
        if count > max_bytes:
            raise UnreadableArchiveError(f"its files are larger than {max_bytes >> 20} MB together")
        target.write(chunk)
    target.flush()
