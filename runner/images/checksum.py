"""SHA-256 checksums of files, and the files in which `sha256sum` keeps them."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from runner.errors import UsageError

_DIGEST = re.compile(r"[0-9a-f]{64}")
_ADVICE = "Export the bundle again, or copy both files again; 'sha256sum FILE' computes a checksum."


def parse_digest(text: str) -> str:
    """Return a SHA-256 checksum that a user typed, in lower case.

    Raises:
        UsageError: It is not a SHA-256 checksum.

    """
    digest = text.strip().lower()
    if not _DIGEST.fullmatch(digest):
        raise UsageError(
            f"'{text}' is not a SHA-256 checksum.", "It has 64 hexadecimal digits, as 'sha256sum FILE' prints them."
        )
    return digest


def parse_checksum_file(content: bytes, subject: str) -> str:
    """Return the checksum in a file that `sha256sum` wrote for one file.

    Args:
        content: The file's content.
        subject: Its path or URL, for messages.

    Raises:
        UsageError: It is truncated, or something else.

    """
    words = content.decode("utf-8", "replace").split(maxsplit=1)
    if not words or not _DIGEST.fullmatch(words[0]):
        raise UsageError(f"{subject} does not contain a SHA-256 checksum.", _ADVICE)
    return words[0]


def check_file(path: Path, digest: str, subject: str) -> None:
    """Check that a file has a checksum.

    Args:
        path: The file.
        digest: The expected checksum.
        subject: The file's path or URL, for messages.

    Raises:
        UsageError: It has another one.

    """
    with path.open("rb") as source:
        actual = hashlib.file_digest(source, "sha256").hexdigest()
    if actual != digest:
        raise UsageError(
            f"{subject} is damaged or was changed: its SHA-256 checksum is {actual[:12]}..., not {digest[:12]}....",
            _ADVICE,
        )
