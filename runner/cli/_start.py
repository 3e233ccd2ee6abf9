"""Brings a lab's cluster up, for the commands that do so."""

from __future__ import annotations

from runner.cli import _console, _progress
from runner.clusters import lifecycle, lookup, selection
from runner.clusters.lifecycle import Started
from runner.lessons.model import Lab
from runner.nodes.driver_interface import ClusterId


def bring(lab: Lab, driver: str | None = None, *, keep: bool = False) -> Started:
    """Start a lab's nodes or go on where they were, telling which driver serves and why.

    Args:
        lab: The lab.
        driver: The name of the driver that is asked for, if one is.
        keep: Leave what a failed start has made.

    Raises:
        UsageError: There is no such driver.
        HostError: The host cannot do it, or a node did not come up.
        BrokenLabError: The lab's setup failed.

    """
    cluster = ClusterId(lab.name)
    found = lookup.survey_clusters().find_cluster(cluster)
    chosen = selection.choose_driver(lab, driver, found)
    if not (found and found.is_running):
        _console.get_stderr().print(
            f"Driver {chosen.driver.name}: {chosen.reason}.", style="dim", soft_wrap=True, markup=False
        )
    went = lifecycle.start(chosen.driver, lab, cluster, _console.create_status_reporter(), keep=keep)
    if went is Started.FRESH:
        _progress.record_fresh_cluster(lab.name)
    else:
        _progress.record_use(lab.name)
    return went
