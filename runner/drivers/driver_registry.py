"""The table of drivers: their names and properties, known without loading their code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from runner import paths
from runner.nodes.driver_interface import Driver


@dataclass(frozen=True, slots=True)
class DriverEntry:
    """A driver that `--driver` can name.

    Attributes:
        name: Its name.
        load: Imports and creates it, which noticeably delays a start.
        may_have_clusters: Return False if this project certainly has no clusters of this driver.
        is_isolated: Whether nodes are isolated from the host well enough to run code from strangers.
        needs_engine: Whether nodes run on the host's Docker Engine.

    """

    name: str
    load: Callable[[], Driver]
    may_have_clusters: Callable[[], bool]
    is_isolated: bool
    needs_engine: bool


def _load_docker() -> Driver:
    from runner.drivers.docker.driver import DockerDriver

    return DockerDriver()


def _load_uml() -> Driver:
    from runner.drivers.uml.driver import UmlDriver

    return UmlDriver()


# The preferred driver comes first.
DRIVERS = (
    DriverEntry("docker", _load_docker, lambda: True, is_isolated=False, needs_engine=True),
    DriverEntry("uml", _load_uml, lambda: paths.vms_folder().is_dir(), is_isolated=True, needs_engine=False),
)
