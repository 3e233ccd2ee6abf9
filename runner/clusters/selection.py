"""Chooses the driver that runs a lab, and loads drivers."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from runner.drivers.driver_registry import DRIVERS, DriverEntry
from runner.errors import HostError, LabsError, UsageError, create_unknown_name_error
from runner.images import release
from runner.lessons.model import Lab
from runner.nodes.driver_capabilities import CapacityPlanner, ImageArchiver
from runner.nodes.driver_interface import Cluster, Driver

DRIVER_NAMES = tuple(entry.name for entry in DRIVERS)
_VARIABLE = "LABS_DRIVER"


@dataclass(frozen=True, slots=True)
class DriverChoice:
    """A driver, and why it was chosen."""

    driver: Driver
    reason: str


def load_allowed_drivers() -> list[Driver]:
    """Return every driver, the preferred one first; only the one that `LABS_DRIVER` names, if it is set.

    Raises:
        UsageError: `LABS_DRIVER` names an unknown driver.

    """
    return [load_driver(entry.name) for entry in _allowed_entries()]


def load_drivers_with_clusters() -> list[Driver]:
    """Return every driver that may have clusters; loading one that certainly has none would slow down a start."""
    return [load_driver(entry.name) for entry in _allowed_entries() if entry.may_have_clusters()]


def _allowed_entries() -> Sequence[DriverEntry]:
    forced = get_forced_driver_name()
    return [entry for entry in DRIVERS if forced in (None, entry.name)]


def get_forced_driver_name() -> str | None:
    """Return the driver that `LABS_DRIVER` names: no other driver may be used.

    Raises:
        UsageError: It names an unknown driver.

    """
    forced = os.environ.get(_VARIABLE) or None
    if forced and forced not in DRIVER_NAMES:
        raise UsageError(
            f"{_VARIABLE} is '{forced}', which is not a driver.", f"Use {' or '.join(DRIVER_NAMES)}, or unset it."
        )
    return forced


def get_isolated_driver_name() -> str:
    """Return the preferred driver whose nodes are isolated well enough to run code from strangers."""
    return _first_name(lambda entry: entry.is_isolated)


def get_driver_name_for_other_host(*, has_engine: bool) -> str:
    """Return the preferred driver for another host, given only whether that host has a Docker Engine."""
    return _first_name(lambda entry: has_engine or not entry.needs_engine)


def _first_name(is_suitable: Callable[[DriverEntry], bool]) -> str:
    return next(entry.name for entry in DRIVERS if is_suitable(entry))


@cache
def load_driver(name: str) -> Driver:
    """Return a driver by its name; always the same object, because it caches the results of slow probes.

    Raises:
        UsageError: There is no driver of that name.

    """
    for entry in DRIVERS:
        if entry.name == name:
            return entry.load()
    raise create_unknown_name_error("driver", name, DRIVER_NAMES, "labs doctor")


def load_driver_of_cluster(cluster: Cluster) -> Driver:
    """Return the driver that created a cluster."""
    return load_driver(cluster.driver)


def measure_free_memory() -> int:
    """Return how many MB of the host's memory are free for nodes that reserve memory."""
    drivers = map(load_driver, DRIVER_NAMES)
    return next(driver.measure_free_memory() for driver in drivers if isinstance(driver, CapacityPlanner))


def choose_driver(lab: Lab, requested: str | None, cluster: Cluster | None) -> DriverChoice:
    """Choose the driver for a lab's cluster.

    Args:
        lab: The lab.
        requested: The value of `--driver`, if given.
        cluster: The lab's cluster, if it exists.

    Raises:
        UsageError: There is no such driver.
        HostError: The cluster belongs to another driver, or no driver can run the lab; the error has each reason.

    """
    forced = get_forced_driver_name()
    if requested and forced and requested != forced:
        raise UsageError(f"{_VARIABLE} allows only the driver {forced}.", f"Unset it, or omit '--driver {requested}'.")
    name = requested or forced
    named_driver = load_driver(name) if name else None
    if cluster:
        if requested not in (None, cluster.driver):
            raise HostError(
                f"'{cluster.id}' runs on the driver {cluster.driver} and cannot move to {requested}.",
                f"To start over, run 'labs rm {cluster.id}'; everything on its nodes is lost.",
            )
        return DriverChoice(load_driver_of_cluster(cluster), "the lab's cluster runs on it")
    if named_driver:
        return DriverChoice(named_driver, "requested with --driver" if requested else f"requested with {_VARIABLE}")
    return _choose_first_supporting(lab.lesson.needs, f"'{lab.name}'")


def choose_driver_for_images(requested: str | None) -> Driver:
    """Return the driver whose images a command is about: the requested one, or the first that works on this host.

    Raises:
        UsageError: There is no such driver.
        HostError: No driver works on this host; the error has each driver's reason.

    """
    return load_driver(requested) if requested else _choose_first_supporting((), "labs").driver


def choose_driver_for_import(requested: str | None) -> Driver:
    """Return the driver whose images are downloaded: unlike `choose_driver_for_images`, it need not be able to build.

    Raises:
        UsageError: There is no such driver.
        HostError: No driver could run nodes on this host, even with images; the error has each driver's reason.

    """

    def check_import(driver: Driver) -> str:
        if isinstance(driver, ImageArchiver):
            driver.check_import_support()
        return ""

    return load_driver(requested) if requested else _choose_first(check_import, "labs").driver


def load_reachable_drivers() -> list[Driver]:
    """Return the drivers that can list their images; a driver without its Docker Engine cannot."""
    reachable = []
    for driver in load_allowed_drivers():
        with contextlib.suppress(HostError):
            driver.list_images()
            reachable.append(driver)
    return reachable


def _choose_first_supporting(needs: Iterable[str], subject: str) -> DriverChoice:
    return _choose_first(lambda driver: driver.check_support(needs, subject), subject)


def _choose_first(check: Callable[[Driver], str], subject: str) -> DriverChoice:
    """Choose the first driver that a check does not refuse; the check returns why the driver is suitable."""
    refusals: list[tuple[Driver, LabsError]] = []
    for driver in load_allowed_drivers():
        try:
            reason = check(driver)
        except HostError as error:
            refusals.append((driver, error))
            continue
        if refusals:
            other, refusal = refusals[-1]
            reason = f"{reason}. Driver {other.name} cannot run it: {refusal.message.rstrip('.')}"
        return DriverChoice(driver, reason)
    reasons = "\n".join(f"  driver {driver.name}: {error.message} {error.advice}" for driver, error in refusals)
    advice = "'labs doctor' shows details."
    if release.load_bundle_source().folder_url:
        advice += " If only the programs that build images are missing, run 'labs images import'."
    raise HostError(f"No driver can run {subject} on this host:\n{reasons}", advice)
