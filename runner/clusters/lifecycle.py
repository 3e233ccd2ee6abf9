"""The verbs that change clusters: start, halt, reset, remove."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from runner import signals
from runner.clusters import provision, socket_proxy
from runner.errors import HostError
from runner.lessons.model import Lab
from runner.nodes.driver_interface import CapacityPlanner, Cluster, ClusterId, Driver
from runner.status import NullReporter, StatusReporter
from runner.storage import locks


class Started(StrEnum):
    """How a start went."""

    FRESH = "fresh"
    RESUMED = "resumed"
    ALREADY = "already running"


def start(driver: Driver, lab: Lab, cluster: ClusterId, reporter: StatusReporter, *, keep: bool = False) -> Started:
    """Bring a lab's cluster up: go on with the one there is, or make a fresh one.

    A fresh start that fails or is interrupted leaves nothing.

    Args:
        driver: What the nodes are made of.
        lab: The lab.
        cluster: Which run of it.
        story: Where to show the steps.
        keep: Leave what a failed start has made.

    Raises:
        HostError: The host cannot do it, or a node did not come up.
        BrokenLabError: The lab's setup failed.

    """
    with locks.lock_cluster(str(cluster)):
        found = find(driver, cluster)
        if found and found.is_complete:
            _refuse_other_nodes(found, lab)
            return _resume(driver, found, reporter)
        _prepare(driver, lab, reporter)
        if found:
            with reporter.step("Clearing away an interrupted start"):
                driver.remove_cluster(cluster)
        with _undone_on_failure(driver, cluster, reporter, keep):
            made = driver.create_cluster(cluster, lab.lesson.topology, lab.lesson.images, reporter)
            with reporter.step("Setting the scene"):
                provision.set_up(lab, made)
            driver.mark_complete(cluster)
        return Started.FRESH


def _prepare(driver: Driver, lab: Lab, reporter: StatusReporter) -> None:
    with locks.lock_images(reporter):
        driver.ensure_images(lab.lesson.images, reporter)
    driver.check_kernel(lab.lesson.needs, f"'{lab.name}'")


def reset(driver: Driver, lab: Lab, cluster: ClusterId, reporter: StatusReporter) -> None:
    """Throw a cluster away and start a fresh one, once it is sure that a fresh one can be made.

    Raises:
        HostError: The host cannot do it; the cluster is left as it is.
        BrokenLabError: The lab's setup failed.

    """
    _prepare(driver, lab, reporter)
    if isinstance(driver, CapacityPlanner):
        driver.check_capacity(lab.lesson.topology, find(driver, cluster))
    with reporter.step(f"Removing '{cluster}'"):
        remove(driver, cluster)
    start(driver, lab, cluster, reporter)


def find(driver: Driver, cluster: ClusterId) -> Cluster | None:
    """Return the cluster if there is anything of it."""
    return next((found for found in driver.list_clusters() if found.id == cluster), None)


def halt(driver: Driver, cluster: Cluster) -> None:
    """Shut a cluster's nodes down and keep their disks."""
    with locks.lock_cluster(str(cluster.id)):
        driver.stop_cluster(cluster)
        socket_proxy.close(cluster.id)


def remove(driver: Driver, cluster: ClusterId) -> bool:
    """Remove a cluster and its logs, whatever its state.

    Returns:
        Whether there was anything.

    """
    with locks.lock_cluster(str(cluster)):
        existed = driver.remove_cluster(cluster)
        socket_proxy.close(cluster)
        provision.forget(cluster)
    return existed


def _refuse_other_nodes(cluster: Cluster, lab: Lab) -> None:
    names = tuple(node.name for node in cluster.nodes)
    if names != lab.lesson.topology.names:
        raise HostError(
            f"'{cluster.id}' stands with {', '.join(names) or 'no nodes'}, and its lesson now asks for "
            f"{', '.join(lab.lesson.topology.names)}.",
            f"'labs reset {lab.name}' makes it anew; what was done on the nodes is lost then.",
        )


def _resume(driver: Driver, cluster: Cluster, reporter: StatusReporter) -> Started:
    if cluster.is_running:
        # What the nodes stand on may still be down.
        driver.resume_cluster(cluster, NullReporter())
        return Started.ALREADY
    driver.resume_cluster(cluster, reporter)
    return Started.RESUMED


@contextmanager
def _undone_on_failure(driver: Driver, cluster: ClusterId, reporter: StatusReporter, keep: bool) -> Iterator[None]:
    try:
        yield
    except BaseException:
        if not keep:
            with signals.uninterrupted(), reporter.step("Undoing the start"):
                driver.remove_cluster(cluster)
                provision.undone(cluster)
        raise
