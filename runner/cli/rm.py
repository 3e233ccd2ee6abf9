"""`labs rm`."""

from __future__ import annotations

import click

from runner.cli import _console, _options
from runner.clusters import lifecycle, lookup, selection
from runner.nodes.driver_capabilities import UnusedCacheRemover
from runner.storage import locks


@click.command("rm")
@_options.optional_lab_argument
@click.option("--all", "remove_all", is_flag=True, help="Remove the nodes of every lab, and leftovers.")
def command(lab: str | None, remove_all: bool) -> int:
    """Remove a lab's nodes and everything on them.

    With --all, no container, network or volume of labs stays on the host, except for images and the layer cache
    that belongs to them, which 'labs images prune --all' removes. Layer caches of other projects (LABS_PROJECT)
    that have no cluster and no running command are removed, too. Your progress is kept.

    \b
    Examples:
      labs rm
      labs rm swarm-basics
      labs rm --all
    """
    if remove_all:
        return _remove_all()
    survey = lookup.survey_clusters()
    cluster = survey.require_removable_cluster(lab) if lab else survey.require_cluster(None)
    with _console.create_status_reporter().report_step(f"Removing {cluster.id}"):
        lifecycle.remove_cluster(selection.load_driver_of_cluster(cluster), cluster.id)
    _console.get_stdout().print(f"Removed {cluster.id}.")
    return 0


def _remove_all() -> int:
    reporter = _console.create_status_reporter()
    with locks.lock_images(reporter):
        survey = lookup.survey_clusters()
        for cluster in survey.clusters:
            with reporter.report_step(f"Removing {cluster.id}"):
                lifecycle.remove_cluster(selection.load_driver_of_cluster(cluster), cluster.id)
        for driver in selection.load_reachable_drivers():
            if isinstance(driver, UnusedCacheRemover):
                driver.remove_unused_caches()
    if survey.listing_error:
        raise survey.listing_error
    _console.get_stdout().print("Removed the nodes of all labs. 'labs images prune --all' also removes the images.")
    return 0
