"""Which drivers there are, and which one serves."""

from __future__ import annotations

from runner.clusters.driver import Cluster, Driver


def all_drivers() -> list[Driver]:
    """Return every driver, the preferred one first."""
    from runner.drivers.docker.driver import DockerDriver

    return [DockerDriver()]


def preferred() -> Driver:
    """Return the driver for a new cluster."""
    return all_drivers()[0]


def of(cluster: Cluster) -> Driver:
    """Return the driver that made a cluster."""
    return next(driver for driver in all_drivers() if driver.name == cluster.driver)
