"""What must be verified before an image bundle is unpacked, as `labs images import --help` explains it.

- A file is trusted as it is. A checksum file or a signature file beside it is verified.
- A download must be signed with a known public key, or have a checksum that the user gave.
- A checksum or a public key that the user gives is required in both cases.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from runner.errors import UsageError
from runner.images import bundle_file, checksum, http_client, release, signature
from runner.images.bundle_file import CHECKSUM_SUFFIX, SIGNATURE_SUFFIX
from runner.images.http_client import MissingFileError

if TYPE_CHECKING:
    from minisign import PublicKey, Signature


@dataclass(frozen=True, slots=True)
class TrustSettings:
    """What the user requires of a bundle.

    Attributes:
        sha256: Its checksum.
        public_key: The key that must have signed it: the key itself, or the path of its file.

    """

    sha256: str | None = None
    public_key: str | None = None


def verify_local_file(file: Path, trust: TrustSettings) -> str:
    """Verify a local bundle with what the user requires and the files beside it.

    Returns:
        What was verified, as a sentence.

    Raises:
        UsageError: The bundle is damaged or changed, or a required signature is missing.

    """
    digest, signed = trust.sha256, None
    checksum_file = bundle_file.add_suffix(file, CHECKSUM_SUFFIX)
    if digest is None and checksum_file.is_file():
        digest = checksum.parse_checksum_file(checksum_file.read_bytes(), str(checksum_file))
    signature_file = bundle_file.add_suffix(file, SIGNATURE_SUFFIX)
    key = _load_key(trust)
    if signature_file.is_file():
        signed = signature.parse_signature(signature_file.read_bytes(), str(signature_file))
    elif trust.public_key:
        raise UsageError(f"{file} is not signed: there is no {signature_file}.", "Copy that file too.")
    return verify_content(file, str(file), digest, signed, key)


def verify_content(
    file: Path, subject: str, digest: str | None, signed: Signature | None, key: PublicKey | None
) -> str:
    """Verify a file with its checksum and its signature, as far as they are known.

    Args:
        file: The file.
        subject: Its path or URL, for messages.
        digest: Its SHA-256 checksum.
        signed: Its signature.
        key: The key that must have signed it.

    Returns:
        What was verified, as a sentence.

    Raises:
        UsageError: The file or its signature was changed, or another key has signed it.

    """
    if digest:
        checksum.check_file(file, digest, subject)
    if signed and key:
        signature.check_file(file, signed, key, subject)
        return f"It is signed with the public key {key.to_base64().decode()}."
    unverified = "its signature was not verified, as no public key is known" if signed else "it is not signed"
    return f"Its checksum is correct; {unverified}." if digest else f"It has no checksum, and {unverified}."


def choose_download_key(trust: TrustSettings, subject: str) -> PublicKey | None:
    """Return the key that must have signed a download; None if the user's checksum identifies it.

    Args:
        trust: What the user requires.
        subject: The URL, for messages.

    Raises:
        UsageError: No key is known, or it is not a minisign public key.

    """
    if trust.sha256 and not trust.public_key:
        return None
    key = _load_key(trust)
    if key is None:
        raise UsageError(
            f"No public key is known that could verify {subject}.",
            "Get the public key or the checksum from the publisher, and add '--public-key KEY' or '--sha256 HEX'.",
        )
    return key


def fetch_checksum(url: str) -> str:
    """Download the checksum file of a bundle, and return the checksum.

    Raises:
        UsageError: There is no such file, or it is damaged.
        HostError: The server cannot be reached.

    """
    subject = http_client.describe_url(url) + CHECKSUM_SUFFIX
    return checksum.parse_checksum_file(_fetch_file_beside(url, CHECKSUM_SUFFIX), subject)


def fetch_signature(url: str) -> Signature:
    """Download the signature of a bundle.

    Raises:
        UsageError: The bundle is not signed, or the signature is damaged.
        HostError: The server cannot be reached.

    """
    subject = http_client.describe_url(url)
    try:
        content = _fetch_file_beside(url, SIGNATURE_SUFFIX)
    except MissingFileError as error:
        raise UsageError(
            f"{subject} is not signed: {error.message}",
            "Ask its publisher for the SHA-256 checksum, and add '--sha256 HEX'.",
        ) from error
    return signature.parse_signature(content, subject + SIGNATURE_SUFFIX)


def _load_key(trust: TrustSettings) -> PublicKey | None:
    text = trust.public_key or release.load_bundle_source().public_key
    return signature.load_public_key(text) if text else None


def _fetch_file_beside(url: str, suffix: str) -> bytes:
    """Return the content of the file whose URL has a suffix; a query stays at the end."""
    parts = urlsplit(url)
    return http_client.fetch_small_file(parts._replace(path=parts.path + suffix).geturl())
