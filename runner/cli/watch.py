"""`labs watch`."""

from __future__ import annotations

import os
import sys

import click

from runner.cli import _options, _progress
from runner.clusters import lookup
from runner.errors import ExitCode, UsageError


@click.command("watch")
@_options.optional_lab_argument
def command(lab: str | None) -> int:
    """See each check turn green by itself, with your nodes and what runs on them.

    Best in a terminal of its own, beside the one you work in. The keys are shown on the screen; q leaves.

    \b
    Examples:
      labs watch
      labs watch swarm-basics
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()) or os.environ.get("TERM", "dumb") == "dumb":
        raise UsageError("'labs watch' needs a terminal to draw on.", "'labs check' says the same once, anywhere.")
    # A lab that is named may be started later.
    found = _progress.lab(lab or lookup.survey_clusters().require_cluster(None).id.lab)
    from runner.cli._fullscreen import Screen
    from runner.watch.app import WatchApp

    with Screen() as screen:
        WatchApp(found, screen).run()
    return ExitCode.DONE
