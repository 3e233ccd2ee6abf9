"""Image bundles from files and servers: what must be verified, which driver a bundle is for, and when to offer one.

The rules, which `labs images import --help` repeats:
- A file is trusted as it is. A checksum file or a signature file beside it is verified.
- A download must be signed with a known public key, or have a checksum that the user gave.
- What the user asks for, with a checksum or a public key, is required in both cases.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from runner.clusters import selection
from runner.errors import UsageError
from runner.images import bundle, bundle_file, checksum, http_client, release, signature
from runner.images.bundle import BundleManifest
from runner.images.bundle_file import CHECKSUM_SUFFIX, SIGNATURE_SUFFIX
from runner.images.download import Download
from runner.images.http_client import MissingFileError
from runner.nodes.driver_capabilities import ImageArchiver
from runner.nodes.driver_interface import Driver, NodeImage
from runner.status import StatusReporter
from runner.storage import locks

if TYPE_CHECKING:
    from minisign import PublicKey, Signature


@dataclass(frozen=True, slots=True)
class RequiredProof:
    """What the user requires of a bundle.

    Attributes:
        sha256: Its checksum.
        public_key: The key that must have signed it: the key itself, or the path of its file.

    """

    sha256: str | None = None
    public_key: str | None = None


@dataclass(frozen=True, slots=True)
class ImportedBundle:
    """A bundle that was imported.

    Attributes:
        manifest: What it says about itself.
        proof: What was verified, as a sentence.

    """

    manifest: BundleManifest
    proof: str


@dataclass(frozen=True, slots=True)
class BundleOffer:
    """A bundle that can be downloaded.

    Attributes:
        url: Its URL.
        size: Its size in bytes; 0 if unknown.

    """

    url: str
    size: int

    @property
    def host(self) -> str:
        """The server's name."""
        return urlsplit(self.url).hostname or ""


def export_bundle(driver: Driver, target: Path, reporter: StatusReporter) -> tuple[Path, tuple[NodeImage, ...]]:
    """Write a driver's images to a bundle.

    Args:
        driver: The driver.
        target: The file, or a folder in which the bundle gets the name that downloads look for.
        reporter: Shows the steps.

    Returns:
        The file, and the images in it.

    Raises:
        HostError: There is nothing to export yet, or the file cannot be written.

    """
    archiver = _require_archiver(driver)
    file = target / bundle.format_bundle_name(archiver.describe_bundle_target()) if target.is_dir() else target
    with locks.lock_images(reporter):
        return file, archiver.export_images(file, reporter)


def import_file(file: Path, required: RequiredProof, reporter: StatusReporter) -> ImportedBundle:
    """Verify a bundle and import it.

    Args:
        file: The bundle.
        required: What the user requires.
        reporter: Shows the steps.

    Raises:
        UsageError: The file cannot be verified or used here.
        HostError: The disk is full, or the engine failed.

    """
    with reporter.report_step(f"Verifying {file}"):
        proof = _verify_file(file, required)
    return ImportedBundle(_import_verified_file(file, reporter), proof)


def import_url(url: str, required: RequiredProof, reporter: StatusReporter) -> ImportedBundle:
    """Download a bundle, verify it completely, and import it.

    Args:
        url: Its URL.
        required: What the user requires.
        reporter: Shows the steps.

    Raises:
        UsageError: There is no such file, or it cannot be verified or used here.
        HostError: The download failed, the disk is full, or the engine failed.

    """
    http_client.check_url(url)
    subject = http_client.describe_url(url)
    key = _choose_download_key(required, subject)
    with locks.lock_downloads(reporter):
        digest = required.sha256 or _fetch_checksum(url)
        signed = _fetch_signature(url) if key else None
        download = Download(url, digest)
        with reporter.report_step(f"Downloading {download.file.name}") as report_detail:
            download.fetch_rest(report_detail)
        try:
            with reporter.report_step("Verifying the download"):
                proof = _verify_content(download.content, subject, digest, signed, key)
            manifest = _import_verified_file(download.accept(), reporter)
        except UsageError:
            # Another attempt with the same file would fail again.
            download.discard()
            raise
        download.discard()
    return ImportedBundle(manifest, proof)


def find_offer(driver: Driver) -> BundleOffer:
    """Ask the configured server for the bundle that this host can use.

    Args:
        driver: The driver that the images are for.

    Raises:
        UsageError: The server does not have it, its URL is not allowed, or no public key is known.
        HostError: The server cannot be reached.

    """
    url = locate_bundle(driver)
    _choose_download_key(RequiredProof(), http_client.describe_url(url))
    return BundleOffer(url, http_client.fetch_size(url))


def locate_bundle(driver: Driver, folder_url: str = "") -> str:
    """Return the URL of the bundle that this host can use.

    Args:
        driver: The driver that the images are for.
        folder_url: The folder with bundles; the configured one by default.

    Raises:
        UsageError: No folder is given or configured.
        HostError: The driver's engine does not answer.

    """
    folder = (folder_url or release.require_folder_url()).rstrip("/") + "/"
    return folder + bundle.format_bundle_name(_require_archiver(driver).describe_bundle_target())


def _require_archiver(driver: Driver) -> ImageArchiver:
    if not isinstance(driver, ImageArchiver):
        raise UsageError(f"The driver {driver.name} cannot export or import images.", "Choose another driver.")
    return driver


def _import_verified_file(file: Path, reporter: StatusReporter) -> BundleManifest:
    """Import a bundle with the driver that its manifest names."""
    manifest = bundle_file.load_manifest(file)
    if manifest.target.driver not in selection.DRIVER_NAMES:
        raise bundle_file.create_import_error(file, f"this version has no driver '{manifest.target.driver}'")
    archiver = _require_archiver(selection.load_driver(manifest.target.driver))
    with locks.lock_images(reporter):
        archiver.import_images(file, reporter)
    return manifest


def _verify_file(file: Path, required: RequiredProof) -> str:
    """Verify a local file with what the user requires and the files beside it, and return what was verified."""
    digest, signed = required.sha256, None
    checksum_file = bundle_file.add_suffix(file, CHECKSUM_SUFFIX)
    if digest is None and checksum_file.is_file():
        digest = checksum.parse_checksum_file(checksum_file.read_bytes(), str(checksum_file))
    signature_file = bundle_file.add_suffix(file, SIGNATURE_SUFFIX)
    key = _load_key(required)
    if signature_file.is_file():
        signed = signature.parse_signature(signature_file.read_bytes(), str(signature_file))
    elif required.public_key:
        raise UsageError(f"{file} is not signed: there is no {signature_file}.", "Copy that file too.")
    return _verify_content(file, str(file), digest, signed, key)


def _verify_content(
    file: Path, subject: str, digest: str | None, signed: Signature | None, key: PublicKey | None
) -> str:
    if digest:
        checksum.check_file(file, digest, subject)
    if signed and key:
        signature.check_file(file, signed, key, subject)
        return f"It is signed with the public key {key.to_base64().decode()}."
    unverified = "its signature was not verified, as no public key is known" if signed else "it is not signed"
    return f"Its checksum is correct; {unverified}." if digest else f"It has no checksum, and {unverified}."


def _load_key(required: RequiredProof) -> PublicKey | None:
    text = required.public_key or release.load_bundle_source().public_key
    return signature.load_public_key(text) if text else None


def _choose_download_key(required: RequiredProof, subject: str) -> PublicKey | None:
    """Return the key that must have signed a download; None if the user's checksum identifies it."""
    if required.sha256 and not required.public_key:
        return None
    key = _load_key(required)
    if key is None:
        raise UsageError(
            f"No public key is known that could verify {subject}.",
            "Get the public key or the checksum from the publisher, and add '--public-key KEY' or '--sha256 HEX'.",
        )
    return key


def _fetch_checksum(url: str) -> str:
    subject = http_client.describe_url(url) + CHECKSUM_SUFFIX
    return checksum.parse_checksum_file(_fetch_file_beside(url, CHECKSUM_SUFFIX), subject)


def _fetch_signature(url: str) -> Signature:
    subject = http_client.describe_url(url) + SIGNATURE_SUFFIX
    try:
        return signature.parse_signature(_fetch_file_beside(url, SIGNATURE_SUFFIX), subject)
    except MissingFileError as error:
        raise UsageError(
            f"{http_client.describe_url(url)} is not signed: {error.message}",
            "Ask its publisher for the SHA-256 checksum, and add '--sha256 HEX'.",
        ) from error


def _fetch_file_beside(url: str, suffix: str) -> bytes:
    """Return the content of the file whose URL has a suffix; a query stays at the end."""
    parts = urlsplit(url)
    return http_client.fetch_small_file(parts._replace(path=parts.path + suffix).geturl())
