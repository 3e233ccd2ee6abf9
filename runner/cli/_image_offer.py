"""The offer to download prebuilt images, where building them would take minutes."""

from __future__ import annotations

import sys

import click

from runner.cli import _console
from runner.errors import HostError, UsageError
from runner.images import release
from runner.nodes.driver_interface import Driver
from runner.status import StatusReporter


def offer_bundle(driver: Driver, reporter: StatusReporter) -> None:
    """Offer to download a driver's images, if it has none and a server with image bundles is configured.

    On a terminal, ask, and download after a yes. Elsewhere, only say which command downloads them.

    Args:
        driver: The driver that needs images.
        reporter: Shows the steps.

    Raises:
        UsageError: The bundle cannot be verified.
        HostError: The download failed.

    """
    if not release.load_bundle_source().folder_url or driver.list_images():
        return
    # Imported here because most starts need no download, and then do not have to wait for this import.
    from runner.clusters import image_bundles
    from runner.images.verification import TrustSettings

    if not (sys.stdin.isatty() and _console.get_stderr().is_terminal):
        _print_note(
            f"To download prebuilt images instead of building them, run 'labs images import --driver {driver.name}'."
        )
        return
    try:
        offer = image_bundles.find_offer(driver)
    except (UsageError, HostError) as error:
        _print_note(f"No prebuilt images can be downloaded: {error.message}")
        return
    size = f" ({offer.size / 1e6:.0f} MB)" if offer.size else ""
    question = f"Download prebuilt images{size} from {offer.host}? Building them takes minutes"
    if click.confirm(question, default=True, err=True):
        imported = image_bundles.import_url(offer.url, TrustSettings(), reporter)
        _print_note(imported.verification)


def _print_note(text: str) -> None:
    _console.get_stderr().print(text, style="dim", soft_wrap=True, markup=False)
