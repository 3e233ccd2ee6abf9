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
@click.option("--unset", "-u", is_flag=True, help="Point your docker CLI back at its previous engine.")
def command(node: str | None, lab: str | None, unset: bool) -> int:
    """Print shell commands that point your docker CLI at a node's engine, until the node is stopped.

    \b
    Examples:
      eval "$(labs env node1)"        'docker node ls' now runs on node1
      eval "$(labs env --unset)"      back to your previous engine
    """
    if unset:
        _print_unset()
        return 0
    if node is None:
        raise click.UsageError('Name a node, as in: eval "$(labs env node1)"')
    survey = lookup.survey_clusters()
    cluster = survey.require_running_cluster(lab)
    path = socket_proxy.ensure_proxy_socket(cluster.id, survey.require_running_node(node, str(cluster.id)))
    previous_host = os.environ.get("DOCKER_HOST", "")
    if previous_host and previous_host != os.environ.get("LABS_NODE_DOCKER_HOST"):
        click.echo(f"export LABS_PREVIOUS_DOCKER_HOST={shlex.quote(previous_host)}")
    for name in ("DOCKER_HOST", "LABS_NODE_DOCKER_HOST"):
        click.echo(f"export {name}={shlex.quote(f'unix://{path}')}")
    if "DOCKER_TLS_VERIFY" in os.environ:
        # The node's engine is reached over a local socket, which has no TLS.
        click.echo(f"export LABS_PREVIOUS_DOCKER_TLS_VERIFY={shlex.quote(os.environ['DOCKER_TLS_VERIFY'])}")
        click.echo("unset DOCKER_TLS_VERIFY")
    click.echo(f'# Run this to configure your shell: eval "$(labs env {node})"')
    return 0


def _print_unset() -> None:
    previous_host = os.environ.get("LABS_PREVIOUS_DOCKER_HOST")
    if previous_host:
        click.echo(f"export DOCKER_HOST={shlex.quote(previous_host)}")
    elif os.environ.get("DOCKER_HOST") == os.environ.get("LABS_NODE_DOCKER_HOST"):
        click.echo("unset DOCKER_HOST")
    if verify := os.environ.get("LABS_PREVIOUS_DOCKER_TLS_VERIFY"):
        click.echo(f"export DOCKER_TLS_VERIFY={shlex.quote(verify)}")
    click.echo("unset LABS_PREVIOUS_DOCKER_HOST LABS_PREVIOUS_DOCKER_TLS_VERIFY LABS_NODE_DOCKER_HOST")
