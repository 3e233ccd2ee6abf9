"""Exports and imports image bundles: from files and servers, with the driver that a bundle is for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from runner.clusters import selection
from runner.errors import UsageError
from runner.images import bundle, bundle_file, http_client, release, verification
from runner.images.bundle import BundleManifest
from runner.images.download import Download
from runner.images.verification import TrustSettings
from runner.nodes.driver_capabilities import ImageArchiver
from runner.nodes.driver_interface import Driver, NodeImage
from runner.status import StatusReporter
from runner.storage import locks


@dataclass(frozen=True, slots=True)
class ImportedBundle:
    """A bundle that was imported.

    Attributes:
        manifest: What it says about itself.
        verification: What was verified, as a sentence.

    """

    manifest: BundleManifest
    verification: str


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


def import_file(file: Path, trust: TrustSettings, reporter: StatusReporter) -> ImportedBundle:
    """Verify a bundle and import it.

    Args:
        file: The bundle.
        trust: What the user requires.
        reporter: Shows the steps.

    Raises:
        UsageError: The file cannot be verified or used here.
        HostError: The disk is full, or the engine failed.

    """
    bundle_file.check_readable(file)
    with reporter.report_step(f"Verifying {file}"):
        verified = verification.verify_local_file(file, trust)
    return ImportedBundle(_import_verified_file(file, reporter), verified)


def import_url(url: str, trust: TrustSettings, reporter: StatusReporter) -> ImportedBundle:
    """Download a bundle, verify it completely, and import it.

    Args:
        url: Its URL.
        trust: What the user requires.
        reporter: Shows the steps.

    Raises:
        UsageError: There is no such file, or it cannot be verified or used here.
        HostError: The download failed, the disk is full, or the engine failed.

    """
    http_client.check_url(url)
    subject = http_client.describe_url(url)
    key = verification.choose_download_key(trust, subject)
    with locks.lock_downloads(reporter):
        digest = trust.sha256 or verification.fetch_checksum(url)
        signed = verification.fetch_signature(url) if key else None
        download = Download(url, digest)
        with reporter.report_step(f"Downloading {download.file.name}") as report_detail:
            download.fetch_rest(report_detail)
        try:
            with reporter.report_step("Verifying the download"):
                verified = verification.verify_content(download.content, subject, digest, signed, key)
            manifest = _import_verified_file(download.accept(), reporter)
        except UsageError:
            # Another attempt with the same file would fail again.
            download.discard()
            raise
        download.discard()
    return ImportedBundle(manifest, verified)


def find_offer(driver: Driver) -> BundleOffer:
    """Ask the configured server for the bundle that this host can use.

    Args:
        driver: The driver that the images are for.

    Raises:
        UsageError: The server does not have it, its URL is not allowed, or no public key is known.
        HostError: The server cannot be reached.

    """
    url = locate_bundle(driver)
    verification.choose_download_key(TrustSettings(), http_client.describe_url(url))
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
