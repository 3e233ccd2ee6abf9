"""`labs watch`."""

from __future__ import annotations

import os
import sys

import click

from runner.cli import _options, _progress
from runner.errors import ExitCode, UsageError


@click.command("watch")
@_options.optional_lab_argument
def command(lab: str | None) -> int:
    """Watch your nodes, what runs on them, and the checks, live.

    Run it in a second terminal, next to the one you work in. The screen lists the keys; q quits.

    \b
    Examples:
      labs watch
      labs watch swarm-basics
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()) or os.environ.get("TERM", "dumb") == "dumb":
        raise UsageError("'labs watch' needs a terminal.", "'labs check' prints the same results once, anywhere.")
    session = _progress.create_session()
    # A lab that is named on the command line may be started later.
    loaded_lab = session.load_lab(lab or session.cluster_survey.require_cluster(None).id.lab)
    from runner.cli._fullscreen import FullScreen
    from runner.watch.app import WatchApp

    with FullScreen() as screen:
        WatchApp(loaded_lab, screen).run_until_quit()
    return ExitCode.DONE
