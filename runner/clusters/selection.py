"""Which drivers there are, and which one serves a lab."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from runner import paths
from runner.errors import HostError, LabsError, UsageError, unknown_name_error
from runner.lessons.model import Lab
from runner.nodes.driver_interface import Cluster, Driver

NAMES = ("docker", "uml")
_VARIABLE = "LABS_DRIVER"


@dataclass(frozen=True, slots=True)
class Choice:
    """A driver, and why it was chosen."""

    driver: Driver
    reason: str


def all_drivers() -> list[Driver]:
    """Return every driver, the preferred one first; only that which `LABS_DRIVER` names, if it names one.

    Raises:
        UsageError: There is no such driver.

    """
    return [named(name) for name in _names()]


def that_can_have_clusters() -> list[Driver]:
    """Return every driver but the one that has certainly made nothing: to load it takes a while that a start feels."""
    return [named(name) for name in _names() if name != "uml" or paths.machines_folder().is_dir()]


def _names() -> Sequence[str]:
    only = the_only()
    return [only] if only else NAMES


def the_only() -> str | None:
    """Return the driver that `LABS_DRIVER` names, which no other may step in for.

    Raises:
        UsageError: There is no such driver.

    """
    only = os.environ.get(_VARIABLE)
    if only and only not in NAMES:
        raise UsageError(
            f"{_VARIABLE} is '{only}', and there is no such driver.", f"Use {' or '.join(NAMES)}, or unset it."
        )
    return only


@cache
def named(name: str) -> Driver:
    """Return a driver by its name, always the same one: it has found out things that take time.

    Raises:
        UsageError: There is no such driver.

    """
    if name == "docker":
        from runner.drivers.docker.driver import DockerDriver

        return DockerDriver()
    if name == "uml":
        from runner.drivers.uml.driver import UmlDriver

        return UmlDriver()
    raise unknown_name_error("driver", name, NAMES, "labs doctor")


def of(cluster: Cluster) -> Driver:
    """Return the driver that made a cluster."""
    return named(cluster.driver)


def choose(lab: Lab, wanted: str | None, started: Cluster | None) -> Choice:
    """Choose the driver for a lab's cluster.

    Args:
        lab: The lab.
        wanted: The driver that was asked for, if one was.
        started: The lab's cluster, if there is one already.

    Raises:
        UsageError: There is no such driver.
        HostError: The cluster was made by another one, or none serves; with what is missing for each.

    """
    only = the_only()
    if wanted and only and wanted != only:
        raise UsageError(
            f"{_VARIABLE} lets only the driver {only} serve.", f"Unset it, or leave out '--driver {wanted}'."
        )
    name = wanted or only
    asked = named(name) if name else None
    if started:
        if wanted not in (None, started.driver):
            raise HostError(
                f"'{started.id}' stands on the driver {started.driver}, and cannot move to {wanted}.",
                f"'labs rm {started.id}' removes it; what was done on its nodes is lost then.",
            )
        return Choice(of(started), "the lab stands on it already")
    if asked:
        return Choice(asked, "you asked for it" if wanted else f"{_VARIABLE} asks for it")
    return _first_that_serves(lab.lesson.needs, f"'{lab.name}'")


def for_images(wanted: str | None) -> Driver:
    """Return the driver whose images are meant: the one that was asked for, or the first that serves here.

    Raises:
        UsageError: There is no such driver.
        HostError: None serves; with what is missing for each.

    """
    return named(wanted) if wanted else _first_that_serves((), "labs").driver


def that_answer() -> list[Driver]:
    """Return the drivers that can be asked for what they have; not docker's where there is no engine."""
    answering = []
    for driver in all_drivers():
        with contextlib.suppress(HostError):
            driver.list_images()
            answering.append(driver)
    return answering


def _first_that_serves(needs: Iterable[str], what: str) -> Choice:
    refusals: list[tuple[Driver, LabsError]] = []
    for driver in all_drivers():
        try:
            reason = driver.check_support(needs, what)
        except HostError as error:
            refusals.append((driver, error))
            continue
        if refusals:
            reason = f"{reason}; {refusals[-1][0].name} does not serve: {refusals[-1][1].message.rstrip('.')}"
        return Choice(driver, reason)
    told = "\n".join(f"  driver {driver.name}: {error.message} {error.advice}" for driver, error in refusals)
    raise HostError(f"No driver can serve {what} here:\n{told}", "'labs doctor' shows more.")
