"""`labs env`."""

from __future__ import annotations

import os
import shlex

import click

from runner import paths
from runner.cli import _options
from runner.clusters import find, forward


@click.command("env")
@click.argument("node", type=_options.NODE, required=False)
@_options.lab_option
@click.option("--unset", "-u", is_flag=True, help="Lead docker back to where it was.")
def command(node: str | None, lab: str | None, unset: bool) -> int:
    """Print what makes your own docker talk to a node's engine, until the node is halted.

    \b
    Examples:
      eval "$(labs env node1)"        docker node ls    now asks node1
      eval "$(labs env --unset)"      back to your own engine
    """
    if unset or node is None:
        if not unset:
            raise click.UsageError('Name a node, as in: eval "$(labs env node1)"')
        outer = os.environ.get("LABS_OUTER_DOCKER_HOST")
        click.echo(f"export DOCKER_HOST={shlex.quote(outer)}" if outer else "unset DOCKER_HOST")
        click.echo("unset LABS_OUTER_DOCKER_HOST")
        return 0
    cluster = find.running_cluster(lab)
    path = forward.ensure(cluster.id, find.the_node(node, cluster.id.lab))
    before = os.environ.get("DOCKER_HOST", "")
    if before and not before.startswith(f"unix://{paths.sockets_folder()}/"):
        click.echo(f"export LABS_OUTER_DOCKER_HOST={shlex.quote(before)}")
    click.echo(f"export DOCKER_HOST={shlex.quote(f'unix://{path}')}")
    click.echo(f'# Run this to configure your shell: eval "$(labs env {node})"')
    return 0
