"""Importing image bundles: what is verified before anything is unpacked, and what a refused bundle leaves behind."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import minisign
import pytest

import runner
from runner.clusters import image_bundles, selection
from runner.clusters.image_bundles import ImportedBundle
from runner.drivers.uml import artifacts, export
from runner.drivers.uml.driver import UmlDriver
from runner.errors import HostError, UsageError
from runner.images import bundle, download
from runner.images.verification import TrustSettings
from runner.status import NullReporter
from tests.support import helpers
from tests.support.file_server import FileServer
from tests.unit.drivers.uml.test_artifacts import build_artifacts

PATH = "/bundles/labs.tar.gz"
CHECKSUM_PATH, SIGNATURE_PATH = f"{PATH}.sha256", f"{PATH}.minisig"
KEY_PAIR = minisign.KeyPair.generate()
KEY = KEY_PAIR.public_key.to_base64().decode()
# Longer than the files beside the bundle, so that only the bundle breaks off first.
BREAK = 500
OTHER_KEY = minisign.KeyPair.generate().public_key.to_base64().decode()


@pytest.fixture(autouse=True)
def _isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Use a cache of this test, and no configured server or key."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    monkeypatch.setattr(download, "_RETRY_SECONDS", (0, 0, 0))
    for name in ("LABS_BUNDLES_URL", "LABS_BUNDLES_KEY"):
        monkeypatch.delenv(name, raising=False)
    selection.load_driver.cache_clear()


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Export a small bundle of the uml driver on another host, without a signature."""
    build_artifacts()
    path = tmp_path / "stick" / "labs.tar.gz"
    path.parent.mkdir()
    export.export_artifacts(path, NullReporter())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other-host"))
    return path


@pytest.fixture
def server(file: Path) -> Iterator[FileServer]:
    """Serve the bundle with its checksum and signature."""
    content = file.read_bytes()
    files = {PATH: content, CHECKSUM_PATH: Path(f"{file}.sha256").read_bytes(), SIGNATURE_PATH: sign(content)}
    with FileServer(files) as running:
        yield running


def sign(content: bytes) -> bytes:
    """Return the content of a signature file."""
    return bytes(KEY_PAIR.secret_key.sign(content)) + b"\n"


def format_checksum(content: bytes) -> bytes:
    """Return the content of a checksum file."""
    return f"{hashlib.sha256(content).hexdigest()}  labs.tar.gz\n".encode()


def import_file(file: Path, sha256: str | None = None, public_key: str | None = None) -> ImportedBundle:
    """Import a file."""
    return image_bundles.import_file(file, TrustSettings(sha256, public_key), NullReporter())


def import_url(server: FileServer, sha256: str | None = None, public_key: str | None = KEY) -> ImportedBundle:
    """Import a bundle from the server."""
    return image_bundles.import_url(server.url(PATH), TrustSettings(sha256, public_key), NullReporter())


def assert_nothing_imported() -> None:
    """Check that the cache contains no artifacts and no downloads."""
    assert artifacts.find_newest_artifacts() is None
    assert [] == [path for path in download.downloads_folder().rglob("*") if path.is_file()]


# Files


def test_file_with_checksum(file: Path) -> None:
    """An exported file is imported with its checksum file; the driver is the one that the file names."""
    imported = import_file(file)
    assert "uml" == imported.manifest.target.driver
    assert "Its checksum is correct; it is not signed." == imported.verification
    assert artifacts.find_newest_artifacts()


def test_file_alone(file: Path) -> None:
    """A file without anything beside it is imported; the output says that nothing was verified."""
    Path(f"{file}.sha256").unlink()
    assert "It has no checksum, and it is not signed." == import_file(file).verification


def test_file_with_signature(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signature beside a file is verified with the configured key."""
    Path(f"{file}.minisig").write_bytes(sign(file.read_bytes()))
    assert "its signature was not verified, as no public key is known." in import_file(file).verification
    monkeypatch.setenv("LABS_BUNDLES_KEY", KEY)
    assert f"It is signed with the public key {KEY}." == import_file(file).verification
    monkeypatch.setenv("LABS_BUNDLES_KEY", OTHER_KEY)
    with pytest.raises(UsageError, match="incompatible key"):
        import_file(file)


def test_damaged_file(file: Path) -> None:
    """A file that its checksum does not match is refused before it is unpacked, and is not deleted."""
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(UsageError, match=r"labs\.tar\.gz is damaged or was changed"):
        import_file(file)
    assert_nothing_imported()
    assert file.exists()


def test_trust_settings_for_file(file: Path) -> None:
    """What the user requires of a file is required: a checksum must match, a signature must exist."""
    import_file(file, sha256=hashlib.sha256(file.read_bytes()).hexdigest())
    with pytest.raises(UsageError, match="is damaged or was changed"):
        import_file(file, sha256="0" * 64)
    with pytest.raises(UsageError, match=r"is not signed: there is no .*labs\.tar\.gz\.minisig"):
        import_file(file, public_key=KEY)


def test_export_over_signed_file(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exporting over a signed file removes the signature, which is not one of the new file."""
    Path(f"{file}.minisig").write_bytes(sign(file.read_bytes()))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "third-host"))
    build_artifacts([])
    exported, _images = image_bundles.export_bundle(UmlDriver(), file, NullReporter())
    assert file == exported
    assert ["labs.tar.gz", "labs.tar.gz.sha256"] == sorted(path.name for path in file.parent.iterdir())
    assert format_checksum(file.read_bytes()) == Path(f"{file}.sha256").read_bytes()


def test_export_to_folder(tmp_path: Path) -> None:
    """In a folder, a bundle has the name that a host with the same processor and recipes looks for."""
    build_artifacts()
    exported, images = image_bundles.export_bundle(UmlDriver(), tmp_path, NullReporter())
    assert exported.name == bundle.format_bundle_name(export.describe_target())
    assert exported.name.startswith(f"labs-images-uml-{artifacts.detect_architecture()}-")
    assert ["redis:alpine", "mine:1"] == [image.name for image in images]


def test_unknown_driver(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bundle for a driver that this version does not have is refused."""
    monkeypatch.setattr(selection, "DRIVER_NAMES", ("docker",))
    with pytest.raises(UsageError, match="this version has no driver 'uml'"):
        import_file(file)


# Downloads


def test_signed_download(server: FileServer) -> None:
    """A signed download is imported, and removed from the cache afterwards."""
    assert f"It is signed with the public key {KEY}." == import_url(server).verification
    assert artifacts.find_newest_artifacts()
    assert [] == [path for path in download.downloads_folder().rglob("*") if path.is_file()]


def test_configured_key(server: FileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The configured key verifies a download as the option does."""
    monkeypatch.setenv("LABS_BUNDLES_KEY", KEY)
    assert KEY in import_url(server, public_key=None).verification


def test_download_with_given_checksum(server: FileServer) -> None:
    """With a checksum from the user, a download needs neither a signature nor a checksum file."""
    digest = hashlib.sha256(server.files[PATH]).hexdigest()
    del server.files[CHECKSUM_PATH], server.files[SIGNATURE_PATH]
    assert "Its checksum is correct; it is not signed." == import_url(server, digest, None).verification
    assert [PATH] == [request.path for request in server.requests]


def test_no_known_key(server: FileServer) -> None:
    """Without a key and a given checksum, nothing is downloaded: a checksum from the same server proves nothing."""
    with pytest.raises(UsageError, match="No public key is known") as caught:
        import_url(server, public_key=None)
    assert "'--public-key KEY' or '--sha256 HEX'" in caught.value.advice
    assert [] == server.requests


def test_unsigned_download(server: FileServer) -> None:
    """A download without a signature is refused before the bundle itself is requested."""
    del server.files[SIGNATURE_PATH]
    with pytest.raises(UsageError, match=r"labs\.tar\.gz is not signed: There is no file at .*\.minisig \(404\)"):
        import_url(server)
    assert PATH not in [request.path for request in server.requests]


@pytest.mark.parametrize("content", [b"", b"0123456789abcdef\n"])
def test_truncated_checksum(content: bytes, server: FileServer) -> None:
    """A truncated checksum file is refused before the bundle itself is requested."""
    server.files[CHECKSUM_PATH] = content
    with pytest.raises(UsageError, match=r"labs\.tar\.gz\.sha256 does not contain a SHA-256 checksum"):
        import_url(server)
    assert PATH not in [request.path for request in server.requests]


def tamper(server: FileServer) -> None:
    """Replace one byte of the bundle."""
    content = bytearray(server.files[PATH])
    content[-20] ^= 1
    server.files[PATH] = bytes(content)


def test_tampered_bundle(server: FileServer) -> None:
    """A changed bundle is refused by its checksum, and the download is removed."""
    tamper(server)
    with pytest.raises(UsageError, match="is damaged or was changed"):
        import_url(server)
    assert_nothing_imported()


def test_tampered_bundle_and_checksum(server: FileServer) -> None:
    """A changed bundle with a matching checksum file is refused by its signature, and the download is removed."""
    tamper(server)
    server.files[CHECKSUM_PATH] = format_checksum(server.files[PATH])
    with pytest.raises(UsageError, match="signature verification failed"):
        import_url(server)
    assert_nothing_imported()


def test_tampered_signature(server: FileServer) -> None:
    """A signature of another file is refused, and the download is removed."""
    server.files[SIGNATURE_PATH] = sign(b"another file")
    with pytest.raises(UsageError, match="signature verification failed"):
        import_url(server)
    assert_nothing_imported()


def test_wrong_key(server: FileServer) -> None:
    """A signature of another key than the required one is refused, and the download is removed."""
    with pytest.raises(UsageError, match="incompatible key identifiers"):
        import_url(server, public_key=OTHER_KEY)
    assert_nothing_imported()


def test_signature_for_given_checksum(server: FileServer) -> None:
    """With both a checksum and a key from the user, both are required."""
    digest = hashlib.sha256(server.files[PATH]).hexdigest()
    with pytest.raises(UsageError, match="incompatible key identifiers"):
        import_url(server, digest, OTHER_KEY)
    assert KEY in import_url(server, digest).verification


def test_other_architecture(server: FileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A correct bundle for another processor is refused, and the download is removed, as it can never be used."""
    monkeypatch.setattr(artifacts, "detect_architecture", lambda: "riscv64")
    with pytest.raises(UsageError, match="processors; this host has riscv64"):
        import_url(server)
    assert_nothing_imported()


def test_interrupted_download(server: FileServer) -> None:
    """A download that broke off is resumed by the next import, and verified as a complete file."""
    server.breaks = [BREAK, 0, 0, 0]
    with pytest.raises(HostError, match="broke off"):
        import_url(server)
    assert artifacts.find_newest_artifacts() is None
    import_url(server)
    assert f"bytes={BREAK}-" == server.list_ranges(PATH)[-1]
    assert artifacts.find_newest_artifacts()


def test_failed_import(server: FileServer) -> None:
    """If a verified download cannot be imported, it stays in the cache, and the next import does not download again."""
    blocker = artifacts.uml_cache_folder()
    blocker.parent.mkdir(parents=True, exist_ok=True)
    blocker.touch()
    with pytest.raises(FileExistsError):
        import_url(server)
    blocker.unlink()
    import_url(server)
    assert [None] == server.list_ranges(PATH)
    assert artifacts.find_newest_artifacts()


def test_mixed_download(server: FileServer) -> None:
    """A part in the cache that is not a part of the file makes the checksum fail, and is removed."""
    server.breaks = [BREAK, 0, 0, 0]
    with pytest.raises(HostError):
        import_url(server)
    part = next(download.downloads_folder().rglob("*.part"))
    part.write_bytes(b"x" * BREAK)
    with pytest.raises(UsageError, match="is damaged or was changed"):
        import_url(server)
    assert_nothing_imported()
    import_url(server)


def test_query_in_url(server: FileServer) -> None:
    """The files beside a bundle keep the query of its URL, which can be a token."""
    server.files = {f"{path}?token=1": content for path, content in server.files.items()}
    url = server.url(f"{PATH}?token=1")
    image_bundles.import_url(url, TrustSettings(public_key=KEY), NullReporter())
    assert artifacts.find_newest_artifacts()


# Locations


def test_location(monkeypatch: pytest.MonkeyPatch) -> None:
    """The URL of a bundle is its name in the given folder, else in the configured one."""
    name = bundle.format_bundle_name(export.describe_target())
    assert f"https://host/labs/{name}" == image_bundles.locate_bundle(UmlDriver(), "https://host/labs/")
    monkeypatch.setenv("LABS_BUNDLES_URL", "https://mirror/v{version}")
    assert f"https://mirror/v{runner.__version__}/{name}" == image_bundles.locate_bundle(UmlDriver())


def test_no_location() -> None:
    """Without a configured folder, an import needs a file or a URL."""
    with pytest.raises(UsageError, match="No download location is configured") as caught:
        image_bundles.locate_bundle(UmlDriver())
    assert "LABS_BUNDLES_URL" in caught.value.advice


def test_offer(server: FileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """An offer has the size that the server announces; without a key, or without the bundle, there is no offer."""
    monkeypatch.setenv("LABS_BUNDLES_URL", server.url("/bundles"))
    with pytest.raises(UsageError, match="No public key is known"):
        image_bundles.find_offer(UmlDriver())
    assert [] == server.requests
    monkeypatch.setenv("LABS_BUNDLES_KEY", KEY)
    with pytest.raises(UsageError, match=r"There is no file at .*/bundles/labs-images-uml-"):
        image_bundles.find_offer(UmlDriver())
    server.files[f"/bundles/{bundle.format_bundle_name(export.describe_target())}"] = b"x" * 1234
    offer = image_bundles.find_offer(UmlDriver())
    assert (1234, "127.0.0.1") == (offer.size, offer.host)
