"""Files with holes in tar archives, in GNU tar's format 1.0, which `tarfile` reads and does not write."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

_BLOCK = 512
_CHUNK = 1 << 20


def add(archive: tarfile.TarFile, path: Path, name: str) -> None:
    """Add a file to an archive without what is not stored of it on the disk either.

    Args:
        archive: Open for writing, in the PAX format.
        path: The file.
        name: Its name in the archive.

    """
    with path.open("rb") as source:
        size = os.fstat(source.fileno()).st_size
        # The last one, which is empty, says where the file ends.
        spans = [*_stored(source, size), (size, 0)]
        numbers = [len(spans), *(number for span in spans for number in span)]
        head = "".join(f"{number}\n" for number in numbers).encode()
        head += b"\0" * (-len(head) % _BLOCK)
        entry = tarfile.TarInfo(f"GNUSparseFile.0/{name}")
        entry.size = len(head) + sum(length for _, length in spans)
        entry.pax_headers = {
            "GNU.sparse.major": "1",
            "GNU.sparse.minor": "0",
            "GNU.sparse.name": name,
            "GNU.sparse.realsize": str(size),
        }
        archive.addfile(entry, _Spans(head, source, spans))


def extract(archive: tarfile.TarFile, entry: tarfile.TarInfo, path: Path) -> None:
    """Write an archive's entry to a new file, with its holes if it has any.

    Raises:
        EOFError: The archive ends within it.

    """
    opened: Any = archive.extractfile(entry)
    # Without its buffer, which would ask whether the archive itself is seekable; a stream is not, and need not be.
    source = opened.raw
    with opened, path.open("xb") as target:
        # None where there are no holes.
        spans: Any = entry.sparse
        for start, length in spans or [(0, entry.size)]:
            source.seek(start)
            target.seek(start)
            left = length
            while left:
                data = source.read(min(left, _CHUNK))
                if not data:
                    raise EOFError(entry.name)
                target.write(data)
                left -= len(data)
        target.truncate(entry.size)


def _stored(source: IO[bytes], size: int) -> Iterator[tuple[int, int]]:
    at = 0
    while at < size:
        try:
            start = os.lseek(source.fileno(), at, os.SEEK_DATA)
        except OSError:
            # Nothing but a hole is left.
            return
        at = os.lseek(source.fileno(), start, os.SEEK_HOLE)
        yield start, at - start


class _Spans(io.RawIOBase):
    """A file's stored spans one after another, behind a head."""

    def __init__(self, head: bytes, source: IO[bytes], spans: list[tuple[int, int]]) -> None:
        super().__init__()
        self._data = self._read_on(head, source, spans)
        self._rest = b""

    @staticmethod
    def _read_on(head: bytes, source: IO[bytes], spans: list[tuple[int, int]]) -> Iterator[bytes]:
        yield head
        for start, length in spans:
            source.seek(start)
            left = length
            while left:
                data = source.read(min(left, _CHUNK))
                if not data:
                    return
                left -= len(data)
                yield data

    def read(self, size: int = -1, /) -> bytes:
        """Return exactly that much, or less at the end."""
        pieces = [self._rest]
        have = len(self._rest)
        while have < size:
            piece = next(self._data, b"")
            if not piece:
                break
            pieces.append(piece)
            have += len(piece)
        joined = b"".join(pieces)
        self._rest = joined[size:]
        return joined[:size]
