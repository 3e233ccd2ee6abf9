"""`labs exec`."""

from __future__ import annotations

import click

from runner.cli import _options
from runner.clusters import activity, lookup


@click.command("exec", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@_options.lab_option
@click.argument("node", type=_options.NODE)
@click.argument("cmd", nargs=-1, required=True, type=click.UNPROCESSED)
def command(node: str, cmd: tuple[str, ...], lab: str | None) -> int:
    """Run a command on a node; exits with the command's exit status.

    \b
    Examples:
      labs exec node1 -- docker node ls
      labs exec --lab swarm-basics node1 -- sh -c 'docker ps -q | wc -l'
      labs exec node2 -- cat /etc/hostname
    """
    words = cmd[1:] if cmd[0] == "--" else cmd
    if not words:
        raise click.UsageError(f"Name a command, as in: labs exec {node} -- docker node ls")
    running_node = lookup.survey_clusters().require_running_node(node, lab)
    return running_node.run_attached(list(words), activity.ActivityNotifier())
