"""Brings a lab's cluster up, for the commands that do so."""

from __future__ import annotations

from runner.cli import _console, _learning
from runner.clusters import find, lifecycle
from runner.clusters.driver import ClusterId
from runner.clusters.lifecycle import Started
from runner.drivers import choice
from runner.lessons.model import Lab


def bring(lab: Lab, driver: str | None = None, *, keep: bool = False) -> Started:
    """Start a lab's nodes or go on where they were, telling which driver serves and why.

    Args:
        lab: The lab.
        driver: The name of the driver that is asked for, if one is.
        keep: Leave what a failed start has made.

    Raises:
        UsageError: There is no such driver.
        UnfitError: The host cannot do it, or a node did not come up.
        BrokenLabError: The lab's setup failed.

    """
    cluster = ClusterId(lab.name)
    found = find.started(cluster)
    chosen = choice.choose(lab, driver, found)
    if not (found and found.running):
        _console.err().print(
            f"Driver {chosen.driver.name}: {chosen.reason}.", style="dim", soft_wrap=True, markup=False
        )
    went = lifecycle.start(chosen.driver, lab, cluster, _console.story(), keep=keep)
    if went is Started.FRESH:
        _learning.begun_afresh(lab.name)
    else:
        _learning.used(lab.name)
    return went
