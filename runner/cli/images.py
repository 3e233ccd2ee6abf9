"""`labs images`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from runner.cli import _console, _options
from runner.clusters import lookup, selection
from runner.errors import UsageError
from runner.images import recipe
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
        _console.get_stdout().print("No images are built yet. 'labs images build' builds them.")
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

    This includes the layer caches of other projects (LABS_PROJECT) that have no cluster and no running command.
    """
    started = [str(cluster.id) for cluster in lookup.survey_clusters().require_all_clusters()]
    if remove_all and started:
        raise UsageError(f"Labs are started: {', '.join(started)}.", "Run 'labs rm --all' first.")
    with locks.lock_images(_console.create_status_reporter()):
        removed = sum(driver.prune_images(remove_all) for driver in selection.load_reachable_drivers())
    _console.get_stdout().print(f"Images, layer caches and VM artifacts removed: {removed}.")
    return 0


@command.command("export", short_help="Write the images of the uml driver to a file.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export_images(file: Path) -> int:
    """Write the kernel, disk and images of the uml driver to a file, for a computer without Debian or a network.

    \b
    Examples:
      labs images export /media/stick/labs-artifacts.tar.gz
    """
    labs = [catalog.load_lab(name) for name in catalog.list_lab_names()]
    reporter = _console.create_status_reporter()
    with locks.lock_images(reporter):
        images = selection.load_image_archiver().export_all_images(file, reporter)
    console = _console.get_stdout()
    console.print(f"Exported the kernel, the disk and {len(images)} images to {file}.", markup=False)
    exported = {image.name for image in images}
    incomplete = [lab.name for lab in labs if not exported.issuperset(lab.lesson.images)]
    if incomplete:
        console.print(f"Images for {', '.join(incomplete)} are missing; 'labs images build --driver uml' builds them.")
    console.print(f"On the other computer, run: labs images import {file.name}", markup=False)
    return 0


@command.command("import", short_help="Read the images of the uml driver from a file.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_images(file: Path) -> int:
    """Read the kernel, disk and images of the uml driver from a file that 'labs images export' wrote.

    Only import a file from a source you trust: its content runs on your computer, in a sandbox, and as root on nodes.

    \b
    Examples:
      labs images import /media/stick/labs-artifacts.tar.gz
    """
    reporter = _console.create_status_reporter()
    with locks.lock_images(reporter):
        selection.load_image_archiver().import_images(file, reporter)
    _console.get_stdout().print("The images are ready (driver uml). 'labs start LAB --driver uml' uses them.")
    return 0
