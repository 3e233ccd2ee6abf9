"""Downloads from a real server that breaks connections, ignores ranges, and changes its files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.errors import HostError, UsageError
from runner.images import download
from runner.images.download import Download
from runner.images.http_client import MissingFileError
from tests.support import helpers
from tests.support.file_server import FileServer

CONTENT = os.urandom(3 << 20)
PATH = "/bundles/labs.tar.gz"
BREAK = 1 << 20


@pytest.fixture(autouse=True)
def _isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Use a cache of this test, and do not wait between attempts."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    monkeypatch.setattr(download, "_RETRY_SECONDS", (0, 0, 0))


@pytest.fixture
def server() -> Iterator[FileServer]:
    """Serve one file."""
    with FileServer({PATH: CONTENT}) as running:
        yield running


def fetch(server: FileServer) -> Download:
    """Download the file, as each command does it: with what earlier commands left in the cache."""
    started = Download(server.url(PATH), "abc")
    started.fetch_rest(lambda _detail: None)
    return started


def test_complete_download(server: FileServer) -> None:
    """A download contains the file's bytes, and after it is accepted only the file remains."""
    details: list[str] = []
    downloaded = Download(server.url(PATH), "abc")
    downloaded.fetch_rest(details.append)
    assert details[-1].startswith("3 of 3 MB, ")
    assert CONTENT == downloaded.part.read_bytes()
    assert "labs.tar.gz" == downloaded.accept().name
    assert [downloaded.file] == list(downloaded.file.parent.iterdir())
    assert [None] == server.list_ranges(PATH)


def test_broken_connection(server: FileServer) -> None:
    """After a broken connection, the same command requests only the rest, if the file is still the same."""
    server.breaks = [BREAK, BREAK]
    assert CONTENT == fetch(server).part.read_bytes()
    first, second, third = server.list_ranges(PATH)
    assert first is None
    assert second == f"bytes={BREAK}-"
    assert third == f"bytes={2 * BREAK}-"
    assert '"1"' == server.requests[-1].if_range


def test_resume_in_later_command(server: FileServer) -> None:
    """A command that gives up keeps the part, and the next one resumes it."""
    server.breaks = [BREAK, 0, 0, 0]
    with pytest.raises(HostError, match=r"broke off after 1 MB: the connection was closed\.") as caught:
        fetch(server)
    assert "Run the same command again: it resumes the download." == caught.value.advice
    assert CONTENT == fetch(server).part.read_bytes()
    assert f"bytes={BREAK}-" == server.list_ranges(PATH)[-1]


def test_server_without_ranges(server: FileServer) -> None:
    """If the server ignores ranges, the file is downloaded from its beginning."""
    server.has_ranges = False
    server.breaks = [BREAK]
    assert CONTENT == fetch(server).part.read_bytes()
    assert [None, f"bytes={BREAK}-"] == server.list_ranges(PATH)


def test_changed_file(server: FileServer) -> None:
    """If the file on the server has changed since the break, nothing of the old part remains."""
    server.breaks = [BREAK, 0, 0, 0]
    with pytest.raises(HostError):
        fetch(server)
    server.files[PATH] = CONTENT[::-1]
    server.etag = '"2"'
    assert CONTENT[::-1] == fetch(server).part.read_bytes()
    assert '"1"' == server.requests[-1].if_range


@pytest.mark.parametrize(
    ("etag", "last_modified", "if_range"),
    [
        ('W/"1"', "", None),
        ("", "", None),
        ('W/"1"', "Mon, 30 Nov 2026 06:00:00 GMT", "Mon, 30 Nov 2026 06:00:00 GMT"),
    ],
    ids=["weak", "none", "date"],
)
def test_validators(etag: str, last_modified: str, if_range: str | None, server: FileServer) -> None:
    """Without something that identifies the file's bytes, the download starts at the beginning again."""
    server.etag, server.last_modified, server.breaks = etag, last_modified, [BREAK]
    assert CONTENT == fetch(server).part.read_bytes()
    assert if_range == server.requests[-1].if_range
    assert (f"bytes={BREAK}-" if if_range else None) == server.requests[-1].range


def test_complete_part(server: FileServer) -> None:
    """A part that is complete already, because a command was interrupted after its last byte, is not fetched again."""
    fetch(server)
    assert CONTENT == fetch(server).part.read_bytes()
    assert [None, f"bytes={len(CONTENT)}-"] == server.list_ranges(PATH)


def test_part_longer_than_file(server: FileServer) -> None:
    """A part that is longer than the server's file is discarded."""
    with fetch(server).part.open("ab") as part:
        part.write(b"more")
    assert CONTENT == fetch(server).part.read_bytes()


def test_declared_compression(server: FileServer) -> None:
    """A server that declares a compressed file as a compressed transfer does not change the bytes."""
    server.headers = {"Content-Encoding": "gzip"}
    assert CONTENT == fetch(server).part.read_bytes()


def test_unknown_length(server: FileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is larger than it may be is refused, even if the server does not announce its size."""
    monkeypatch.setattr(download, "_MAX_BYTES", BREAK)
    server.headers = {"Content-Length": ""}
    with pytest.raises(UsageError, match="is larger than"):
        fetch(server)


def test_announced_length(server: FileServer) -> None:
    """A file that is announced as too large is refused before anything is written."""
    server.headers = {"Content-Length": str(10**12)}
    with pytest.raises(UsageError, match=r"labs\.tar\.gz is larger than 8 GB"):
        fetch(server)


def test_too_little_space(server: FileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that does not fit on the disk is refused at the start; the error has both figures."""
    monkeypatch.setattr(download, "_MAX_BYTES", 10**19)
    server.headers = {"Content-Length": str(10**18)}
    with pytest.raises(HostError, match=r"The download needs 10{12} MB; .*downloads/abc has \d+ MB free\."):
        fetch(server)


def test_unwritable_folder(server: FileServer) -> None:
    """An error of the file system names the file and keeps what was downloaded."""
    started = Download(server.url(PATH), "abc")
    started.part.mkdir(parents=True)
    with pytest.raises(HostError, match=r"Writing .*labs\.tar\.gz\.part failed: Is a directory\."):
        started.fetch_rest(lambda _detail: None)


def test_redirects(server: FileServer) -> None:
    """Redirects are followed, and a resumed download follows them again."""
    server.redirects["/latest"] = PATH
    server.breaks = [BREAK]
    started = Download(server.url("/latest"), "abc")
    started.fetch_rest(lambda _detail: None)
    assert CONTENT == started.part.read_bytes()
    assert ["/latest", PATH, "/latest", PATH] == [request.path for request in server.requests]


def test_missing_file(server: FileServer) -> None:
    """A missing file is reported with its URL, without a user name, a password or a query."""
    url = server.url("/gone?token=secret").replace("http://", "http://me:secret@")
    with pytest.raises(MissingFileError) as caught:
        Download(url, "abc").fetch_rest(lambda _detail: None)
    assert f"There is no file at {server.url('/gone')} (404)." == caught.value.message


def test_name_in_cache() -> None:
    """The name of a file in the cache comes from the URL only if it is an ordinary file name."""
    names = [Download(f"https://host/{path}", "abc").file.name for path in ("a/b.tar.gz?x=1", "", "a/..", "%2e%2e")]
    assert ["b.tar.gz", "bundle", "bundle", "bundle"] == names


def test_remove_downloads(server: FileServer) -> None:
    """Removing the downloads removes all parts."""
    part = fetch(server).part
    download.remove_downloads()
    assert not part.exists()
    assert not download.downloads_folder().exists()
