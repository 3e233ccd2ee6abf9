"""`labs stop`."""

from __future__ import annotations

import click

from runner.cli import _console, _options
from runner.clusters import lifecycle, lookup, selection
from runner.nodes.driver_interface import Cluster


@click.command("stop")
@_options.optional_lab_argument
@click.option("--all", "stop_all", is_flag=True, help="Stop every lab.")
def command(lab: str | None, stop_all: bool) -> int:
    """Stop a lab's nodes and keep their disks; 'labs start' resumes them.

    \b
    Examples:
      labs stop
      labs stop swarm-basics
      labs stop --all
    """
    survey = lookup.survey_clusters()
    clusters = survey.clusters if stop_all else (survey.require_cluster(lab),)
    for cluster in clusters:
        with _console.create_status_reporter().report_step(f"Stopping {cluster.id}"):
            lifecycle.stop_cluster(selection.load_driver_of_cluster(cluster), cluster)
        _console.get_stdout().print(f"Stopped {cluster.id}. {_advise_next(cluster)}")
    if stop_all and survey.listing_error:
        raise survey.listing_error
    if not clusters:
        _console.get_stdout().print("No lab is started.")
    return 0


def _advise_next(cluster: Cluster) -> str:
    if cluster.is_complete and cluster.id.is_main:
        return f"'labs start {cluster.id}' resumes it."
    # An interrupted start, or the cluster of another command, cannot be resumed.
    return f"'labs rm {cluster.id}' removes it."
