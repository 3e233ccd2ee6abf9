"""`labs reset`."""

from __future__ import annotations

import click

from runner.cli import _console, _options
from runner.clusters import find, lifecycle
from runner.drivers import choice
from runner.lessons import catalog


@click.command("reset")
@_options.optional_lab_argument
def command(lab: str | None) -> int:
    """Throw a lab's nodes away and start afresh.

    \b
    Examples:
      labs reset
      labs reset swarm-basics
    """
    cluster = find.the_cluster(lab)
    # Read first: a lesson that cannot start is no reason to throw away what runs.
    found = catalog.load(cluster.id.lab)
    lifecycle.reset(choice.of(cluster), found, cluster.id, _console.story())
    _console.out().print(f"[bold green]'{cluster.id}' is as new.[/] 'labs show {cluster.id.lab}' begins the lesson.")
    return 0
