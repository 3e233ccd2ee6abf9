"""Signatures of image bundles, in the format of minisign (https://jedisct1.github.io/minisign/).

A signature is a file of a few lines beside the bundle: Ed25519 over the BLAKE2b hash of the bundle. It can be verified
without a network, and the key that verifies it is one line of text.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from runner.errors import UsageError

if TYPE_CHECKING:
    from minisign import PublicKey, Signature


def load_public_key(text: str) -> PublicKey:
    """Return a public key.

    Args:
        text: The key itself, or the path of the file that `minisign -G` wrote.

    Raises:
        UsageError: It is neither.

    """
    # Imported here because it loads a cryptographic library, which only a signed bundle needs.
    import minisign

    path = Path(text)
    try:
        if path.is_file():
            return minisign.PublicKey.from_bytes(path.read_bytes().strip())
        return minisign.PublicKey.from_base64(text.strip())
    except (minisign.Error, OSError) as error:
        raise UsageError(
            f"'{text}' is not a minisign public key: {error}.",
            "Name a file that 'minisign -G' wrote, or its second line, which begins with RW.",
        ) from error


def parse_signature(content: bytes, subject: str) -> Signature:
    """Return the signature that a file contains.

    Args:
        content: The file's content.
        subject: Its path or URL, for messages.

    Raises:
        UsageError: It is damaged, or something else.

    """
    import minisign

    try:
        parsed = minisign.Signature.from_bytes(content)
    except minisign.Error as error:
        raise UsageError(
            f"{subject} is not a minisign signature: {error}.", "Copy it again, or sign the bundle again."
        ) from error
    # Verifying the older format requires the complete file in memory.
    if not parsed.is_prehashed():
        raise UsageError(f"{subject} is a signature in an old format.", "Sign it again, without minisign -l.")
    return parsed


def check_file(path: Path, signature: Signature, public_key: PublicKey, subject: str) -> None:
    """Check that a key has signed a file.

    Args:
        path: The file.
        signature: Its signature.
        public_key: The key.
        subject: The file's path or URL, for messages.

    Raises:
        UsageError: The file or its signature was changed, or another key has signed it.

    """
    import minisign

    try:
        public_key.verify_file(path, signature)
    except minisign.VerifyError as error:
        raise UsageError(
            f"The signature of {subject} is not valid for the public key {public_key.to_base64().decode()}: {error}.",
            "Do not use this file. Download it again, and ask its publisher for the public key.",
        ) from error
