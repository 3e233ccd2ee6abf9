"""`labs shell`."""

from __future__ import annotations

import click

from runner.cli import _options
from runner.clusters import activity, lookup
from runner.progress import shell_history


@click.command("shell")
@click.argument("node", type=_options.NODE)
@_options.lab_option
def command(node: str, lab: str | None) -> int:
    """Open a terminal on a node; exits with the shell's exit status.

    \b
    Examples:
      labs shell node1
      labs shell node1 --lab swarm-basics
      echo 'docker node ls' | labs shell node1
    """
    running_node = lookup.survey_clusters().require_running_node(node, lab)
    return running_node.run_attached(shell_history.build_recording_shell(), activity.ActivityNotifier())
