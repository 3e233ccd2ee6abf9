"""Downloads files over HTTPS; a download that breaks off resumes where it stopped, also in a later command.

The part that exists is resumed with `Range` and `If-Range` (RFC 9110, sections 13.1.5 and 14.2), so that a server whose
file has changed sends all of it again.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import requests
import urllib3

from runner import paths
from runner.errors import HostError, UsageError
from runner.images import http_client
from runner.status import DetailCallback
from runner.storage import atomic, codec

# Several times the size of a bundle with the images of all labs.
_MAX_BYTES = 8 * 10**9
# What an interruption loses at most.
_CHUNK = 1 << 16
_RETRY_SECONDS = (1, 2, 4)
_REPORT_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class _PartState:
    """What is known about an incomplete file.

    Attributes:
        url: Where it comes from.
        validator: The server's `ETag` or `Last-Modified`; empty if the server sends neither.

    """

    url: str
    validator: str


class _BrokenTransferError(Exception):
    """The connection ended before the file was complete."""


@dataclass(frozen=True, slots=True)
class Download:
    """A file to download into the cache.

    Attributes:
        url: Its URL.
        key: Distinguishes this content of the file from others, such as its checksum.

    """

    url: str
    key: str

    @property
    def file(self) -> Path:
        """The file, once it is complete and verified."""
        name = urlsplit(self.url).path.rsplit("/", 1)[-1]
        return downloads_folder() / self.key[:16] / (name if re.fullmatch(r"\w[\w.+-]{0,200}", name) else "bundle")

    @property
    def part(self) -> Path:
        """The part that was downloaded so far; also the complete file before it is verified."""
        return self.file.with_name(f"{self.file.name}.part")

    @property
    def content(self) -> Path:
        """The complete file, before or after it is accepted."""
        return self.file if self.file.exists() else self.part

    @property
    def _state_file(self) -> Path:
        return self.part.with_name(f"{self.part.name}.json")

    def fetch_rest(self, report_detail: DetailCallback) -> None:
        """Download what is missing of the file to `part`; after an error or an interruption, the next call resumes.

        Args:
            report_detail: Called with the progress.

        Raises:
            UsageError: The server does not have the file, or redirects to a URL without encryption.
            HostError: The connection breaks repeatedly, or the disk is full.

        """
        if self.file.exists():
            # An earlier command downloaded and verified it, but could not use it.
            return
        self.part.parent.mkdir(parents=True, exist_ok=True)
        failures = 0
        while True:
            size_before = self._get_part_size()
            try:
                self._fetch_once(report_detail)
                return
            except _BrokenTransferError as error:
                failures = 0 if self._get_part_size() > size_before else failures + 1
                if failures >= len(_RETRY_SECONDS):
                    raise HostError(
                        f"The download of {http_client.describe_url(self.url)} broke off after "
                        f"{self._get_part_size() / 1e6:.0f} MB: {error}.",
                        "Run the same command again: it resumes the download.",
                    ) from error
            report_detail("the connection broke off, retrying")
            time.sleep(_RETRY_SECONDS[failures])

    def accept(self) -> Path:
        """Give the verified file its final name, and return it."""
        self.content.replace(self.file)
        self._state_file.unlink(missing_ok=True)
        return self.file

    def discard(self) -> None:
        """Delete the file or the part."""
        shutil.rmtree(self.file.parent, ignore_errors=True)

    def _get_part_size(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _load_validator(self) -> str:
        try:
            state = codec.decode_json(self._state_file.read_bytes(), _PartState)
        except (OSError, codec.DecodeError):
            return ""
        return state.validator if state.url == self.url else ""

    def _fetch_once(self, report_detail: DetailCallback) -> None:
        offset, validator = self._get_part_size(), self._load_validator()
        headers = {"Range": f"bytes={offset}-", "If-Range": validator} if offset and validator else {}
        with http_client.open_url(self.url, headers) as response:
            if response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                if _get_total_size(response) == offset:
                    # An earlier command was interrupted just before it verified the file.
                    return
                self._state_file.unlink(missing_ok=True)
                raise _BrokenTransferError("the file on the server has changed")
            if not _continues_at(response, offset):
                offset = 0
                state = _PartState(self.url, _get_validator(response))
                atomic.write_text(self._state_file, codec.encode_json(state))
            self._write_body(response, offset, report_detail)

    def _write_body(self, response: requests.Response, offset: int, report_detail: DetailCallback) -> None:
        total = _get_total_size(response)
        _check_size(self.url, total)
        with _translate_disk_errors(self.part), self.part.open("r+b" if self.part.exists() else "wb") as target:
            target.truncate(offset)
            target.seek(offset)
            _check_free_space(self.part, total - offset)
            progress = _Progress(offset, total, report_detail)
            try:
                # Undecoded: some servers declare a compressed file as a compressed transfer.
                for chunk in response.raw.stream(_CHUNK, decode_content=False):
                    target.write(chunk)
                    progress.add_bytes(len(chunk))
                    _check_size(self.url, progress.size)
            except urllib3.exceptions.HTTPError as error:
                raise _BrokenTransferError(http_client.describe_failure(error)) from error
        progress.report()
        if total and progress.size != total:
            raise _BrokenTransferError("the server sent less than it announced")


class _Progress:
    """Reports how much of a file has arrived."""

    def __init__(self, size: int, total: int, report_detail: DetailCallback) -> None:
        self.size = size
        self._total = f" of {total / 1e6:.0f}" if total else ""
        self._report_detail = report_detail
        self._start_size, self._start_time = size, time.monotonic()
        self._report_time = 0.0

    def add_bytes(self, count: int) -> None:
        """Count bytes that have arrived."""
        self.size += count
        if time.monotonic() - self._report_time >= _REPORT_SECONDS:
            self.report()

    def report(self) -> None:
        """Report the size and the speed."""
        self._report_time = time.monotonic()
        speed = (self.size - self._start_size) / max(self._report_time - self._start_time, 0.1)
        self._report_detail(f"{self.size / 1e6:.0f}{self._total} MB, {speed / 1e6:.1f} MB/s")


def downloads_folder() -> Path:
    """Return the folder for incomplete downloads, and for those whose import was interrupted."""
    return paths.cache_folder() / "downloads"


def remove_downloads() -> None:
    """Remove all incomplete downloads."""
    shutil.rmtree(downloads_folder(), ignore_errors=True)


def _continues_at(response: requests.Response, offset: int) -> bool:
    """Return whether a response contains the rest of the file, and not the complete file."""
    content_range = response.headers.get("Content-Range", "")
    return response.status_code == HTTPStatus.PARTIAL_CONTENT and content_range.startswith(f"bytes {offset}-")


def _get_validator(response: requests.Response) -> str:
    """Return what identifies this version of the file on the server, if `If-Range` may contain it."""
    tag = str(response.headers.get("ETag", ""))
    # The server promises only for a strong tag that the bytes are the same.
    return tag if tag and not tag.startswith("W/") else str(response.headers.get("Last-Modified", ""))


def _get_total_size(response: requests.Response) -> int:
    """Return the size of the complete file, or 0 if the server does not say it."""
    content_range = response.headers.get("Content-Range", "")
    if content_range:
        return http_client.parse_number(content_range.rsplit("/", 1)[-1])
    return http_client.parse_number(response.headers.get("Content-Length", ""))


def _check_size(url: str, size: int) -> None:
    if size > _MAX_BYTES:
        raise UsageError(
            f"{http_client.describe_url(url)} is larger than {_MAX_BYTES / 1e9:.0f} GB, which no image bundle is.",
            "Check the URL.",
        )


def _check_free_space(file: Path, required: int) -> None:
    free = shutil.disk_usage(file.parent).free
    if required > free:
        raise HostError(
            f"The download needs {required / 1e6:.0f} MB; {file.parent} has {free / 1e6:.0f} MB free.",
            "Free disk space, or set XDG_CACHE_HOME to a folder on another disk, then run the same command again.",
        )


@contextmanager
def _translate_disk_errors(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise HostError(
            f"Writing {file} failed: {error.strerror or error}.",
            "Free disk space or fix the permissions, then run the same command again: it resumes the download.",
        ) from error
