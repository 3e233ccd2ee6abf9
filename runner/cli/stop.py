"""`labs stop`."""

from __future__ import annotations

import click

from runner.cli import _console, _options
from runner.clusters import lifecycle, lookup, selection
from runner.nodes.driver_interface import Cluster


@click.command("stop")
@_options.optional_lab_argument
@click.option("--all", "everything", is_flag=True, help="Halt every lab.")
def command(lab: str | None, everything: bool) -> int:
    """Halt a lab's nodes and keep their disks; `labs start` goes on where they were.

    \b
    Examples:
      labs stop
      labs stop swarm-basics
      labs stop --all
    """
    survey = lookup.survey_clusters()
    clusters = survey.clusters if everything else (survey.require_cluster(lab),)
    for cluster in clusters:
        with _console.status_reporter().step(f"Halting '{cluster.id}'"):
            lifecycle.halt(selection.load_driver_of_cluster(cluster), cluster)
        _console.out().print(f"'{cluster.id}' is halted. {_then(cluster)}")
    if everything and survey.refusal:
        raise survey.refusal
    if not clusters:
        _console.out().print("No lab is started.")
    return 0


def _then(cluster: Cluster) -> str:
    if cluster.is_complete and cluster.id.is_main:
        return f"'labs start {cluster.id}' goes on where it was."
    # Neither the remains of a start nor what another command has made is gone on with.
    return f"'labs rm {cluster.id}' removes it."
