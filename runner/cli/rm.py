"""`labs rm`."""

from __future__ import annotations

import click

from runner.cli import _console, _options
from runner.clusters import lifecycle, lookup, selection
from runner.nodes.driver_interface import LeftoverRemover
from runner.storage import locks


@click.command("rm")
@_options.optional_lab_argument
@click.option("--all", "everything", is_flag=True, help="Remove every lab, and the volume that the nodes share.")
def command(lab: str | None, everything: bool) -> int:
    """Remove a lab's nodes and all they hold: nothing of it remains.

    With --all no container, network or volume of labs remains on the engine; the images stay, and the next start
    takes a few seconds more to unpack them. 'labs images prune --all' removes those too.

    \b
    Examples:
      labs rm
      labs rm swarm-basics
      labs rm --all
    """
    if everything:
        return _remove_all()
    cluster = (
        lookup.survey_clusters().require_removable_cluster(lab)
        if lab
        else lookup.survey_clusters().require_cluster(None)
    )
    with _console.create_status_reporter().step(f"Removing '{cluster.id}'"):
        lifecycle.remove(selection.load_driver_of_cluster(cluster), cluster.id)
    _console.get_stdout().print(f"'{cluster.id}' is removed.")
    return 0


def _remove_all() -> int:
    reporter = _console.create_status_reporter()
    with locks.lock_images(reporter):
        survey = lookup.survey_clusters()
        for cluster in survey.clusters:
            with reporter.step(f"Removing '{cluster.id}'"):
                lifecycle.remove(selection.load_driver_of_cluster(cluster), cluster.id)
        for driver in selection.load_reachable_drivers():
            if isinstance(driver, LeftoverRemover):
                driver.remove_leftovers()
    if survey.refusal:
        raise survey.refusal
    _console.get_stdout().print("No node, network or volume of labs remains; 'labs images prune --all' removes the images.")
    return 0
