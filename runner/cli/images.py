"""`labs images`."""

from __future__ import annotations

import click

from runner.cli import _console
from runner.clusters import find, lock
from runner.drivers import choice
from runner.errors import UsageError


@click.group("images")
def command() -> None:
    """Build, list or prune the images that the nodes have.

    \b
    Examples:
      labs images build      pull them where a registry answers, build stand-ins where none does
      labs images list
      labs images prune
    """


@command.command("build")
@click.option("--anew", is_flag=True, help="Choose again, for each name, between the real image and a stand-in.")
def build(anew: bool) -> int:
    """Make sure every image is at hand; does nothing where all are.

    An interrupted build goes on where it was.
    """
    story = _console.story()
    with lock.images(story):
        choice.preferred().build_images(story, anew=anew)
    _console.out().print("All images are at hand. 'labs images list' shows them.")
    return 0


@command.command("list")
def list_images() -> int:
    """Show for each name whether it is the real image or a stand-in, of what, and its size."""
    from rich.table import Table

    images = choice.preferred().images()
    if not images:
        _console.out().print("No images are built yet. 'labs images build' makes them.")
        return 0
    table = Table(box=None, padding=(0, 3, 0, 0))
    table.add_column("IMAGE")
    table.add_column("KIND")
    table.add_column("SIZE", justify="right")
    table.add_column("WHAT IT IS")
    for image in images:
        kind = "[yellow]stand-in[/]" if image.stand_in else "[green]real[/]"
        size = f"{image.size / 1e6:.0f} MB"
        table.add_row(f"[bold]{image.name}[/]", kind, size, image.stand_in or "the image of that name")
    _console.out().print(table)
    return 0


@command.command("prune")
@click.option("--all", "everything", is_flag=True, help="Also those in use; the next start makes them again.")
def prune(everything: bool) -> int:
    """Remove images and stores that this version of labs no longer uses."""
    started = [str(cluster.id) for cluster in find.all_clusters()]
    if everything and started:
        raise UsageError(f"Labs are started: {', '.join(started)}.", "Type 'labs rm --all' first.")
    with lock.images(_console.story()):
        freed = choice.preferred().prune_images(everything)
    _console.out().print(f"Removed {freed} images and stores.")
    return 0
