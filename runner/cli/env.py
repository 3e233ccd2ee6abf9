"""`labs env`."""

from __future__ import annotations

import os
import shlex

import click

from runner.cli import _options
from runner.clusters import lookup, socket_proxy


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
        _lead_back()
        return 0
    cluster = lookup.survey_clusters().require_running_cluster(lab)
    path = socket_proxy.ensure(cluster.id, lookup.survey_clusters().require_running_node(node, str(cluster.id)))
    before = os.environ.get("DOCKER_HOST", "")
    if before and before != os.environ.get("LABS_NODE_DOCKER_HOST"):
        click.echo(f"export LABS_OUTER_DOCKER_HOST={shlex.quote(before)}")
    for name in ("DOCKER_HOST", "LABS_NODE_DOCKER_HOST"):
        click.echo(f"export {name}={shlex.quote(f'unix://{path}')}")
    if "DOCKER_TLS_VERIFY" in os.environ:
        # The way to a node is a socket of this machine, where TLS has no place.
        click.echo(f"export LABS_OUTER_DOCKER_TLS_VERIFY={shlex.quote(os.environ['DOCKER_TLS_VERIFY'])}")
        click.echo("unset DOCKER_TLS_VERIFY")
    click.echo(f'# Run this to configure your shell: eval "$(labs env {node})"')
    return 0


def _lead_back() -> None:
    outer = os.environ.get("LABS_OUTER_DOCKER_HOST")
    if outer:
        click.echo(f"export DOCKER_HOST={shlex.quote(outer)}")
    elif os.environ.get("DOCKER_HOST") == os.environ.get("LABS_NODE_DOCKER_HOST"):
        click.echo("unset DOCKER_HOST")
    if verify := os.environ.get("LABS_OUTER_DOCKER_TLS_VERIFY"):
        click.echo(f"export DOCKER_TLS_VERIFY={shlex.quote(verify)}")
    click.echo("unset LABS_OUTER_DOCKER_HOST LABS_OUTER_DOCKER_TLS_VERIFY LABS_NODE_DOCKER_HOST")
