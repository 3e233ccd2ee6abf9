"""Optional capabilities of drivers: small protocols; test for them with `isinstance`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from runner.images.bundle import BundleTarget
    from runner.nodes.driver_interface import Cluster, NodeImage
    from runner.nodes.topology import Topology
    from runner.status import StatusReporter


@runtime_checkable
class ProbeCache(Protocol):
    """A driver that caches the results of its probes of the host."""

    def clear_probe_cache(self) -> None:
        """Discard the cached results, so that the next check probes the host again."""
        ...


@runtime_checkable
class CapacityPlanner(Protocol):
    """A driver whose nodes reserve a part of the host's memory and disk."""

    def measure_free_memory(self) -> int:
        """Return how many MB of the host's memory are free."""
        ...

    def calculate_topology_memory(self, topology: Topology) -> int:
        """Return how many MB of memory the nodes of a topology reserve together."""
        ...

    def check_capacity(self, topology: Topology, replaced: Cluster | None = None) -> None:
        """Check that the host has enough free memory and disk for the nodes.

        Args:
            topology: The nodes.
            replaced: A cluster that will be removed before they are created.

        Raises:
            HostError: There is too little free memory or disk space; the message contains the figures.

        """
        ...


@runtime_checkable
class ImageArchiver(Protocol):
    """A driver that can move everything its nodes need to another host, as an image bundle."""

    def check_import_support(self) -> None:
        """Check whether this host could run nodes if it had images, even if it cannot build any.

        Raises:
            HostError: It could not; the error says what is missing and how to fix it.

        """
        ...

    def describe_bundle_target(self) -> BundleTarget:
        """Return which bundles this host can use.

        Raises:
            HostError: The driver's engine does not answer.

        """
        ...

    def export_images(self, file: Path, reporter: StatusReporter) -> tuple[NodeImage, ...]:
        """Write everything that nodes need to a bundle, and return the up-to-date images in it.

        The caller holds the images' lock.

        Raises:
            HostError: There is nothing to export yet, or the file cannot be written.

        """
        ...

    def import_images(self, file: Path, reporter: StatusReporter) -> None:
        """Install everything from a bundle that `export_images` has written; the caller holds the images' lock.

        Raises:
            UsageError: The file is damaged, or was written for another version or processor.
            HostError: There is not enough free disk space, or the engine failed.

        """
        ...


@runtime_checkable
class UnusedCacheRemover(Protocol):
    """A driver that keeps caches on the host, in addition to images and clusters."""

    def remove_unused_caches(self) -> None:
        """Remove the caches that no cluster, image or running command uses; the caller holds the images' lock."""
        ...
