"""Sparse files in tar archives, in GNU tar's format 1.0, which `tarfile` can read but not write."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

_BLOCK = 512
_CHUNK = 1 << 20


def add_sparse_file(archive: tarfile.TarFile, path: Path, name: str) -> None:
    """Add a file to an archive without its holes, which are not stored on the disk either.

    Args:
        archive: An archive that is open for writing, in the PAX format.
        path: The file.
        name: Its name in the archive.

    """
    with path.open("rb") as source:
        size = os.fstat(source.fileno()).st_size
        # An empty span at the end marks the size of the file.
        spans = [*_find_data_spans(source, size), (size, 0)]
        numbers = [len(spans), *(number for span in spans for number in span)]
        span_map = "".join(f"{number}\n" for number in numbers).encode()
        span_map += b"\0" * (-len(span_map) % _BLOCK)
        entry = tarfile.TarInfo(f"GNUSparseFile.0/{name}")
        entry.size = len(span_map) + sum(length for _, length in spans)
        entry.pax_headers = {
            "GNU.sparse.major": "1",
            "GNU.sparse.minor": "0",
            "GNU.sparse.name": name,
            "GNU.sparse.realsize": str(size),
        }
        archive.addfile(entry, _SpanReader(span_map, source, spans))


def extract_sparse_file(archive: tarfile.TarFile, entry: tarfile.TarInfo, path: Path) -> None:
    """Write an archive's entry to a new file, with its holes if it has any.

    Raises:
        EOFError: The archive ends within the entry.

    """
    opened: Any = archive.extractfile(entry)
    # The buffered reader would require a seekable archive; a stream is not seekable, and this works without.
    source = opened.raw
    with opened, path.open("xb") as target:
        # None for a file without holes.
        spans: Any = entry.sparse
        for start, length in spans or [(0, entry.size)]:
            source.seek(start)
            target.seek(start)
            remaining = length
            while remaining:
                data = source.read(min(remaining, _CHUNK))
                if not data:
                    raise EOFError(entry.name)
                target.write(data)
                remaining -= len(data)
        target.truncate(entry.size)


def _find_data_spans(source: IO[bytes], size: int) -> Iterator[tuple[int, int]]:
    """Yield the start and the length of each part of a file that is not a hole."""
    position = 0
    while position < size:
        try:
            start = os.lseek(source.fileno(), position, os.SEEK_DATA)
        except OSError:
            # Only a hole is left.
            return
        position = os.lseek(source.fileno(), start, os.SEEK_HOLE)
        yield start, position - start


class _SpanReader(io.RawIOBase):
    """Reads the map of a file's spans, then their data."""

    def __init__(self, span_map: bytes, source: IO[bytes], spans: list[tuple[int, int]]) -> None:
        super().__init__()
        self._chunks = self._read_chunks(span_map, source, spans)
        self._buffer = b""

    @staticmethod
    def _read_chunks(span_map: bytes, source: IO[bytes], spans: list[tuple[int, int]]) -> Iterator[bytes]:
        yield span_map
        for start, length in spans:
            source.seek(start)
            remaining = length
            while remaining:
                data = source.read(min(remaining, _CHUNK))
                if not data:
                    return
                remaining -= len(data)
                yield data

    def read(self, size: int = -1, /) -> bytes:
        """Return exactly `size` bytes, or fewer at the end."""
        chunks = [self._buffer]
        available = len(self._buffer)
        while available < size:
            chunk = next(self._chunks, b"")
            if not chunk:
                break
            chunks.append(chunk)
            available += len(chunk)
        data = b"".join(chunks)
        self._buffer = data[size:]
        return data[:size]
