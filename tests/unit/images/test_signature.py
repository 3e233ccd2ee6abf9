"""Signatures of minisign: those of the real program are verified, and damaged or other ones are refused."""

from __future__ import annotations

from pathlib import Path

import minisign
import pytest

from runner.errors import UsageError
from runner.images import signature

# Written by minisign 0.11, for the file below.
CONTENT = b"labs image bundle\n"
KEY = "RWSJsEvYa4hu5Q6EIm3HTV6lxtdFRQN2HiHo5U3/er3hFUtLeA1pQR2A"
KEY_FILE = f"untrusted comment: minisign public key E56E886BD84BB089\n{KEY}\n"
SIGNATURE = """\
untrusted comment: signature from minisign secret key
RUSJsEvYa4hu5Vn24n/etEQKzj5JPUXWqUYn/pR0xIIbCDvuXGXPkbWdW7VnEUlQb952VxrqCBpYL9B7KHJYGuvJikKlAd7K4AU=
trusted comment: labs 0.2.0
8q7iPxsnA4RaiULysqkHfftyxEg24f3uRTpmPJqpzxFVNs2fKMwZBtXVxap9QcXBGtRVr68yIlbSt84T17xRCg==
"""
OLD_SIGNATURE = """\
untrusted comment: signature from minisign secret key
RWSJsEvYa4hu5XVpWT28O/KkGrqOYPhdQNWXEkbDyKpBvvYgXzgOqGxVEtsCaqp7UypvWdp4/wZ9zEqAkRMue9KEGnWdHP/6PAw=
trusted comment: timestamp:1796018078	file:b.tar.gz
eDV3gaEhosnKvpBiRk4ARu4Y+Y6ACsxBM+IXr8nZ92SnjRw7vCivcN7YiRS8WY8JsC1QvI4BHmyEwx42l3XGAQ==
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file with the content that was signed."""
    path = tmp_path / "bundle"
    path.write_bytes(CONTENT)
    return path


def verify(file: Path, text: str = SIGNATURE, key: str = KEY) -> None:
    """Verify a file."""
    signature.check_file(file, signature.parse_signature(text.encode(), "sig"), signature.load_public_key(key), "file")


def test_real_signature(file: Path, tmp_path: Path) -> None:
    """A signature of the real program is verified with its public key, given as text or as the file it wrote."""
    verify(file)
    (tmp_path / "labs.pub").write_text(KEY_FILE)
    verify(file, key=str(tmp_path / "labs.pub"))


@pytest.mark.parametrize(
    "text",
    [
        SIGNATURE.replace("RUSJsEvYa4hu5V", "RUSJsEvYa4hu5W"),
        SIGNATURE.replace("labs 0.2.0", "labs 0.3.0"),
        SIGNATURE.replace("8q7i", "9q7i"),
    ],
    ids=["signature", "trusted comment", "signature of the comment"],
)
def test_changed_signature(text: str, file: Path) -> None:
    """A changed signature is refused, and so is a changed comment that it covers."""
    with pytest.raises(UsageError, match=rf"The signature of file is not valid for the public key {KEY[:8]}"):
        verify(file, text)


def test_changed_file(file: Path) -> None:
    """A changed file is refused."""
    file.write_bytes(CONTENT.upper())
    with pytest.raises(UsageError, match="signature verification failed") as caught:
        verify(file)
    assert caught.value.advice.startswith("Do not use this file.")


def test_other_key(file: Path) -> None:
    """A valid signature of another key is refused."""
    with pytest.raises(UsageError, match="incompatible key identifiers"):
        verify(file, key=minisign.KeyPair.generate().public_key.to_base64().decode())


@pytest.mark.parametrize("text", ["", SIGNATURE[:90], SIGNATURE[:-30], "x\n" * 4, KEY_FILE])
def test_damaged_signature(text: str) -> None:
    """A truncated signature, and a file that is no signature, are refused with the file's name."""
    with pytest.raises(UsageError, match="sig is not a minisign signature"):
        signature.parse_signature(text.encode(), "sig")


def test_old_format() -> None:
    """A signature in the format that requires the complete file in memory is refused."""
    with pytest.raises(UsageError, match="old format"):
        signature.parse_signature(OLD_SIGNATURE.encode(), "sig")


@pytest.mark.parametrize("text", ["RW", "gone.pub", "", "x" * 5000, "\N{SNOWMAN}"])
def test_bad_key(text: str) -> None:
    """A text that is neither a key nor a file is refused; the error says what a key looks like."""
    with pytest.raises(UsageError, match="is not a minisign public key") as caught:
        signature.load_public_key(text)
    assert "begins with RW" in caught.value.advice


def test_secret_key_file(tmp_path: Path) -> None:
    """The file of a secret key is refused as a public key, and its content is not shown."""
    secret = bytes(minisign.KeyPair.generate().secret_key)
    (tmp_path / "labs.key").write_bytes(secret)
    with pytest.raises(UsageError) as caught:
        signature.load_public_key(str(tmp_path / "labs.key"))
    assert secret.splitlines()[1].decode() not in caught.value.message
