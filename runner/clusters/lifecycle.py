"""The life of a cluster: start, stop, reset and remove it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from runner import signals
from runner.clusters import provision, run_records, socket_proxy
from runner.errors import HostError
from runner.lessons.model import Lab
from runner.nodes.driver_capabilities import CapacityPlanner
from runner.nodes.driver_interface import Cluster, ClusterId, Driver
from runner.status import NullReporter, StatusReporter
from runner.storage import locks


class StartResult(StrEnum):
    """What `start` did."""

    FRESH = "fresh"
    RESUMED = "resumed"
    ALREADY_RUNNING = "already running"


def start(
    driver: Driver,
    lab: Lab,
    cluster_id: ClusterId,
    reporter: StatusReporter,
    *,
    keep: bool = False,
    known_cluster: Cluster | None = None,
) -> StartResult:
    """Start a lab's cluster: resume the existing one, or create it.

    If the creation fails or is interrupted, everything that it created is removed.

    Args:
        driver: The driver that creates the nodes.
        lab: The lab.
        cluster_id: The cluster's lab and run.
        reporter: Shows the steps.
        keep: Keep what a failed start created.
        known_cluster: The cluster, if the caller has just looked it up; if it is running, it is not looked up again.

    Raises:
        HostError: The host cannot run the nodes, or a node did not become ready.
        BrokenLabError: The lab's setup failed.

    """
    with locks.lock_cluster(str(cluster_id)):
        # Look it up again under the lock before creating anything: another command may have started it in the meantime.
        existing = (
            known_cluster if known_cluster and known_cluster.is_fully_running else find_cluster(driver, cluster_id)
        )
        if existing and existing.is_complete:
            _check_topology(existing, lab)
            return _resume_cluster(driver, existing, reporter)
        _prepare_host(driver, lab, reporter)
        if existing:
            with reporter.report_step("Removing leftovers of an interrupted start"):
                driver.remove_cluster(cluster_id)
        with _remove_on_failure(driver, cluster_id, reporter, keep):
            cluster = driver.create_cluster(cluster_id, lab.lesson.topology, lab.lesson.images, reporter)
            with reporter.report_step("Running setup.sh"):
                provision.provision_cluster(lab, cluster)
            driver.mark_cluster_complete(cluster_id)
        return StartResult.FRESH


def _prepare_host(driver: Driver, lab: Lab, reporter: StatusReporter) -> None:
    with locks.lock_images(reporter):
        driver.ensure_images(lab.lesson.images, reporter)
    driver.check_kernel_features(lab.lesson.needs, f"'{lab.name}'")


def reset_cluster(driver: Driver, lab: Lab, cluster_id: ClusterId, reporter: StatusReporter) -> None:
    """Remove a cluster and start a fresh one, after checking that the host can run it.

    Args:
        driver: The cluster's driver.
        lab: The lab.
        cluster_id: The cluster's lab and run.
        reporter: Shows the steps.

    Raises:
        HostError: The host cannot run the nodes; the cluster is unchanged.
        BrokenLabError: The lab's setup failed.

    """
    _prepare_host(driver, lab, reporter)
    if isinstance(driver, CapacityPlanner):
        driver.check_capacity(lab.lesson.topology, find_cluster(driver, cluster_id))
    with reporter.report_step(f"Removing {cluster_id}"):
        remove_cluster(driver, cluster_id)
    start(driver, lab, cluster_id, reporter)


def find_cluster(driver: Driver, cluster_id: ClusterId) -> Cluster | None:
    """Return a driver's cluster in any state, or None if it does not exist."""
    return next((cluster for cluster in driver.list_clusters() if cluster.id == cluster_id), None)


def stop_cluster(driver: Driver, cluster: Cluster) -> None:
    """Shut down a cluster's nodes and keep their disks."""
    with locks.lock_cluster(str(cluster.id)):
        driver.stop_cluster(cluster)
        socket_proxy.stop_proxies(cluster.id)


def remove_cluster(driver: Driver, cluster_id: ClusterId) -> bool:
    """Remove a cluster in any state, with its record and logs.

    Returns:
        Whether it existed, at least in part.

    """
    with locks.lock_cluster(str(cluster_id)):
        existed = driver.remove_cluster(cluster_id)
        socket_proxy.stop_proxies(cluster_id)
        run_records.delete_record(cluster_id)
    return existed


def _check_topology(cluster: Cluster, lab: Lab) -> None:
    names = tuple(node.name for node in cluster.nodes)
    if names != lab.lesson.topology.node_names:
        raise HostError(
            f"'{cluster.id}' has the nodes {', '.join(names) or '(none)'}, but its lesson now needs "
            f"{', '.join(lab.lesson.topology.node_names)}.",
            f"'labs reset {lab.name}' creates fresh nodes; your work on the old ones will be lost.",
        )


def _resume_cluster(driver: Driver, cluster: Cluster, reporter: StatusReporter) -> StartResult:
    if cluster.is_fully_running:
        # The registry mirror, which the nodes depend on, may still be down.
        driver.resume_cluster(cluster, NullReporter())
        return StartResult.ALREADY_RUNNING
    driver.resume_cluster(cluster, reporter)
    return StartResult.RESUMED


@contextmanager
def _remove_on_failure(driver: Driver, cluster_id: ClusterId, reporter: StatusReporter, keep: bool) -> Iterator[None]:
    try:
        yield
    except BaseException:
        if not keep:
            with signals.ignore_interrupts_in_block(), reporter.report_step("Removing the unfinished cluster"):
                driver.remove_cluster(cluster_id)
                run_records.unmark_started(cluster_id)
        raise
