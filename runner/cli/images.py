"""`labs images`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from runner.cli import _console, _image_offer, _options
from runner.clusters import image_bundles, lookup, selection
from runner.errors import UsageError
from runner.images import checksum, download, recipe
from runner.images.verification import TrustSettings
from runner.lessons import catalog
from runner.nodes.driver_interface import NodeImage
from runner.storage import locks


@click.group("images")
def command() -> None:
    """Build, list, prune, export or import the images for nodes.

    \b
    Examples:
      labs images build      pull official images, or build stand-ins if no registry answers
      labs images list
      labs images prune
      labs images export /media/stick/
    """


@command.command("build", short_help="Build or pull missing images.")
@click.argument("labs", nargs=-1, metavar="[LAB]...", type=_options.LabName())
@_options.driver_option
@click.option(
    "--rebuild", is_flag=True, help="Look for official images again, and replace stand-ins where a registry has them."
)
def build_images(labs: tuple[str, ...], driver: str | None, rebuild: bool) -> int:
    """Build or pull missing images for these labs, or for all labs.

    'labs start' does this for the lab it starts. An interrupted build resumes where it stopped.

    \b
    Examples:
      labs images build
      labs images build swarm-basics     only for this lab
      labs images build --driver uml     kernel, disk and images for VMs
      labs images build --rebuild        after a registry has become available
    """
    reporter = _console.create_status_reporter()
    names = (
        {image for lab in labs for image in catalog.load_lab(lab).lesson.images}
        if labs
        else {*recipe.map_image_names_to_recipes()}
    )
    chosen = selection.choose_driver_for_images(driver)
    _image_offer.offer_bundle(chosen, reporter)
    with locks.lock_images(reporter):
        chosen.ensure_images(sorted(names), reporter, rebuild=rebuild)
    subject = f"The images for {', '.join(labs)}" if labs else "All images"
    _console.get_stdout().print(f"{subject} are ready (driver {chosen.name}). 'labs images list' shows them.")
    return 0


@command.command("list", short_help="List images.")
def list_images() -> int:
    """List images, their size, and whether each is official or a stand-in.

    A stand-in is built from Debian packages, in place of an official image that no registry could provide.
    """
    images_by_driver = {
        driver.name: images for driver in selection.load_reachable_drivers() if (images := driver.list_images())
    }
    if not images_by_driver:
        _console.get_stdout().print("No images are ready for nodes yet. 'labs images build' prepares them.")
    for name, images in images_by_driver.items():
        _print_images(name, images)
    return 0


def _print_images(driver: str, images: Iterable[NodeImage]) -> None:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0))
    # A name is to be typed or copied, so it is never shortened; the last column wraps instead.
    table.add_column("IMAGE", no_wrap=True)
    table.add_column("KIND")
    table.add_column("SIZE", justify="right")
    table.add_column("CONTENT")
    for image in images:
        kind = "[yellow]stand-in[/]" if image.stand_in else "[green]official[/]"
        size = f"{image.size / 1e6:.0f} MB"
        table.add_row(f"[bold]{image.name}[/]", kind, size, image.stand_in or "the official image")
    _console.get_stdout().print(f"[bold]driver {driver}[/]")
    _console.get_stdout().print(table)


@command.command("prune", short_help="Remove unused images.")
@click.option("--all", "remove_all", is_flag=True, help="Also remove images in use; the next start rebuilds them.")
def prune_images(remove_all: bool) -> int:
    """Remove images and layer caches that this version of labs does not use.

    This includes the layer caches of other projects (LABS_PROJECT) that have no cluster and no running command, and
    incomplete downloads of image bundles.
    """
    started = [str(cluster.id) for cluster in lookup.survey_clusters().require_all_clusters()]
    if remove_all and started:
        raise UsageError(f"Labs are started: {', '.join(started)}.", "Run 'labs rm --all' first.")
    reporter = _console.create_status_reporter()
    with locks.lock_downloads(reporter):
        download.remove_downloads()
    with locks.lock_images(reporter):
        removed = sum(driver.prune_images(remove_all) for driver in selection.load_reachable_drivers())
    _console.get_stdout().print(f"Images, layer caches and VM artifacts removed: {removed}.")
    return 0


@command.command("export", short_help="Write images to a bundle for other computers.")
@click.argument("target", metavar="FILE|FOLDER")
@_options.driver_option
def export_images(target: str, driver: str | None) -> int:
    """Write the images for nodes to an image bundle, for computers without a registry or without Debian.

    In a FOLDER, the bundle gets the name that downloads look for: it contains the driver, the processor architecture,
    and a hash of the recipes. Beside it, FILE.sha256 contains its checksum. To sign it, run 'minisign -Sm FILE'.

    \b
    Examples:
      labs images export /media/stick/
      labs images export labs-artifacts.tar.gz --driver uml
      labs images export /srv/www/labs/              then set LABS_BUNDLES_URL on the other computers
    """
    if target.endswith("/") and not Path(target).is_dir():
        raise UsageError(f"{target} is not a directory.", f"Create it first: mkdir -p {target}")
    labs = [catalog.load_lab(name) for name in catalog.list_lab_names()]
    chosen = selection.choose_driver_for_images(driver)
    file, images = image_bundles.export_bundle(chosen, Path(target), _console.create_status_reporter())
    console = _console.get_stdout()
    console.print(f"Exported {len(images)} images (driver {chosen.name}) to {file}.", markup=False)
    exported = {image.name for image in images}
    incomplete = [lab.name for lab in labs if not exported.issuperset(lab.lesson.images)]
    if incomplete:
        names = ", ".join(incomplete)
        console.print(f"Images for {names} are missing; 'labs images build --driver {chosen.name}' builds them.")
    console.print(f"On the other computer, run: labs images import {file.name}", markup=False)
    return 0


@command.command("import", short_help="Read images from a bundle, or download one.")
@click.argument("source", required=False, metavar="[FILE|URL]")
@click.option("--sha256", metavar="HEX", help="Require this SHA-256 checksum.")
@click.option("--public-key", metavar="KEY", help="Require a signature of this minisign key (the key, or its file).")
@click.option("--driver", metavar="NAME", type=_options.DRIVER, help="Download the images of this driver.")
def import_images(source: str | None, sha256: str | None, public_key: str | None, driver: str | None) -> int:
    """Read images from an image bundle that 'labs images export' wrote, or download one first.

    With the URL of a folder, which ends with a slash, the command downloads the bundle that fits this computer; without
    a URL, from the folder that LABS_BUNDLES_URL names. If a download breaks off, the same command resumes it.

    \b
    What is verified before anything is unpacked:
      FILE  You trust it. FILE.sha256 and FILE.minisig are verified if they are there.
      URL   It must be signed: URL.minisig, verified with --public-key or LABS_BUNDLES_KEY.
            Without a key, --sha256 identifies it; get both from a source that you trust.

    What a bundle contains runs on your computer, and as root on nodes.

    \b
    Examples:
      labs images import /media/stick/labs-artifacts.tar.gz
      labs images import https://labs.example.org/bundles/ --public-key labs.pub
      labs images import https://labs.example.org/labs-images.tar.gz --sha256 9f86d08...
    """
    trust = TrustSettings(checksum.parse_digest(sha256) if sha256 else None, public_key)
    reporter = _console.create_status_reporter()
    if source and "://" not in source:
        imported = image_bundles.import_file(Path(source), trust, reporter)
    else:
        if not source or source.endswith("/"):
            source = image_bundles.locate_bundle(selection.choose_driver_for_import(driver), source or "")
        imported = image_bundles.import_url(source, trust, reporter)
    driver = imported.manifest.target.driver
    console = _console.get_stdout()
    console.print(f"The images are ready (driver {driver}). 'labs start LAB --driver {driver}' uses them.")
    console.print(imported.verification, style="dim", markup=False)
    return 0
