"""Checksums, as users type them and as `sha256sum` writes them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from runner.errors import UsageError
from runner.images import checksum

DIGEST = hashlib.sha256(b"content").hexdigest()


@pytest.mark.parametrize("content", [f"{DIGEST}  file\n", f"{DIGEST} *file\n", DIGEST])
def test_checksum_file(content: str) -> None:
    """The checksum is read from a line of `sha256sum`, for text or binary files, or from a file with nothing else."""
    assert DIGEST == checksum.parse_checksum_file(content.encode(), "file.sha256")


@pytest.mark.parametrize("content", [b"", b"\n", DIGEST[:40].encode(), b"<html>Not found</html>", b"\xff" * 64])
def test_damaged_checksum_file(content: bytes) -> None:
    """A truncated file, or something else such as an error page, is refused with the file's name."""
    with pytest.raises(UsageError, match=r"file\.sha256 does not contain a SHA-256 checksum\."):
        checksum.parse_checksum_file(content, "file.sha256")


def test_typed_checksum() -> None:
    """A typed checksum may be in upper case and have spaces around it; a shorter one is refused."""
    assert DIGEST == checksum.parse_digest(f" {DIGEST.upper()} ")
    with pytest.raises(UsageError, match="'abc' is not a SHA-256 checksum"):
        checksum.parse_digest("abc")


def test_check_file(tmp_path: Path) -> None:
    """A file with another checksum is refused; the error shows the beginning of both."""
    file = tmp_path / "file"
    file.write_bytes(b"content")
    checksum.check_file(file, DIGEST, "file")
    file.write_bytes(b"Content")
    with pytest.raises(UsageError, match=rf"file is damaged or was changed: .*, not {DIGEST[:12]}\.\.\."):
        checksum.check_file(file, DIGEST, "file")
