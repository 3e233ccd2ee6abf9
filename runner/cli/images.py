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
    """Build, list, move or prune the images that the nodes have.

    \b
    Examples:
      labs images build      pull them where a registry answers, build stand-ins where none does
      labs images list
      labs images prune
    """


@command.command("build")
@click.argument("labs", nargs=-1, metavar="[LAB]...", type=_options.LabName())
@_options.driver_option
@click.option("--anew", is_flag=True, help="Choose again, for each name, between the real image and a stand-in.")
def build(labs: tuple[str, ...], driver: str | None, anew: bool) -> int:
    """Make sure the images of these labs, or of all of them, are at hand; does nothing where they are.

    Starting a lab makes what it needs by itself. An interrupted build goes on where it was.

    \b
    Examples:
      labs images build
      labs images build swarm-basics     only what this lab needs
      labs images build --driver uml     kernel, disk and images for machines of their own
    """
    reporter = _console.create_status_reporter()
    names = {image for lab in labs for image in catalog.load_lab(lab).lesson.images} if labs else {*recipe.stand_ins()}
    chosen = selection.choose_driver_for_images(driver)
    with locks.lock_images(reporter):
        chosen.build_images(sorted(names), reporter, rebuild=anew)
    told = f"The images of {', '.join(labs)} for" if labs else "All images of"
    _console.get_stdout().print(f"{told} the driver {chosen.name} are at hand. 'labs images list' shows them.")
    return 0


@command.command("list")
def list_images() -> int:
    """Show for each name whether it is the real image or a stand-in, of what, and its size."""
    found = {driver.name: images for driver in selection.load_reachable_drivers() if (images := driver.list_images())}
    if not found:
        _console.get_stdout().print("No images are built yet. 'labs images build' makes them.")
    for name, images in found.items():
        _print_images(name, images)
    return 0


def _print_images(driver: str, images: Iterable[NodeImage]) -> None:
    from rich.table import Table

    table = Table(box=None, padding=(0, 3, 0, 0))
    table.add_column("IMAGE")
    table.add_column("KIND")
    table.add_column("SIZE", justify="right")
    table.add_column("WHAT IT IS")
    for image in images:
        kind = "[yellow]stand-in[/]" if image.stand_in else "[green]real[/]"
        size = f"{image.size / 1e6:.0f} MB"
        table.add_row(f"[bold]{image.name}[/]", kind, size, image.stand_in or "the image of that name")
    _console.get_stdout().print(f"[bold]driver {driver}[/]")
    _console.get_stdout().print(table)


@command.command("prune")
@click.option("--all", "everything", is_flag=True, help="Also those in use; the next start makes them again.")
def prune(everything: bool) -> int:
    """Remove images and stores that this version of labs no longer uses."""
    started = [str(cluster.id) for cluster in lookup.survey_clusters().require_all()]
    if everything and started:
        raise UsageError(f"Labs are started: {', '.join(started)}.", "Type 'labs rm --all' first.")
    with locks.lock_images(_console.create_status_reporter()):
        freed = sum(driver.prune_images(everything) for driver in selection.load_reachable_drivers())
    _console.get_stdout().print(f"Removed {freed} images, stores and machines' parts.")
    return 0


@command.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export(file: Path) -> int:
    """Write kernel, disk and images of the driver uml to one file, for a machine with neither Debian nor a network.

    \b
    Examples:
      labs images export /media/stick/labs.parts
    """
    labs = [catalog.load_lab(name) for name in catalog.list_lab_names()]
    reporter = _console.create_status_reporter()
    with locks.lock_images(reporter):
        images = selection.load_image_archiver().export_images(file, reporter)
    out = _console.get_stdout()
    out.print(f"{file} holds kernel, disk and {len(images)} images.", markup=False)
    exported = {image.name for image in images}
    others = [lab.name for lab in labs if not exported.issuperset(lab.lesson.images)]
    if others:
        out.print(f"It lacks images for {', '.join(others)}: 'labs images build --driver uml' makes them all.")
    out.print(f"On the other machine: 'labs images import {file.name}'.", markup=False)
    return 0


@command.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_file(file: Path) -> int:
    """Take kernel, disk and images of the driver uml from a file that 'labs images export' has written.

    Take it only from somebody you trust: what is in it runs on your machine, in a jail, and on your nodes as root.

    \b
    Examples:
      labs images import /media/stick/labs.parts
    """
    reporter = _console.create_status_reporter()
    with locks.lock_images(reporter):
        selection.load_image_archiver().import_images(file, reporter)
    _console.get_stdout().print("All images of the driver uml are at hand. 'labs start LAB --driver uml' uses them.")
    return 0
