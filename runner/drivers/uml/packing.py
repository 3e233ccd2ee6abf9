"""Makes a generation's files out of built images: disk, jail, certificates, and the hub's registry."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from runner.drivers.uml import images
from runner.drivers.uml.buildah import Buildah
from runner.drivers.uml.process_runner import contained
from runner.nodes.driver_interface import NodeImage
from runner.status import DetailCallback

# What a machine can hold at most; what it does not hold takes no room on the host.
DISK_SIZE = "8G"
# In a root of today the old folders lead into `/usr`.
_LINKS = ("bin", "lib", "lib64")
_HERE = Path(__file__).parent


def pack(storage: Buildah, machine: str, folder: Path, tell: DetailCallback) -> None:
    """Make disk, jail and certificates.

    Args:
        storage: Where the images are.
        machine: The id of the machine image.
        folder: Where to put them.
        tell: Told what is being made.

    Raises:
        HostError: Something failed.

    """
    argv = ["bash", str(_HERE / "pack_artifacts.sh"), machine, str(folder), DISK_SIZE, *storage.argv]
    storage.commands.run(contained(argv), "packing the machines' disk", tell)
    link(folder)


def link(folder: Path) -> None:
    """Complete a jail by the links that every root has."""
    for name in _LINKS:
        (folder / "jail" / name).symlink_to(f"usr/{name}")


def fill_registry(storage: Buildah, contents: Sequence[NodeImage], folder: Path, tell: DetailCallback) -> None:
    """Put the images into the hub's storage.

    Args:
        storage: Where the images are.
        contents: The images.
        folder: Where disk and jail lie already.
        tell: Told which image is being put there.

    Raises:
        HostError: Something failed.

    """
    (folder / "registry").mkdir()
    argv = ["bash", str(_HERE / "push_images.sh"), str(folder / "jail"), str(folder / "registry"), *storage.argv]
    lines = "".join(f"{content.image} {images.official(content.name)}\n" for content in contents)
    storage.commands.run(contained(argv, network=False), "handing the images to the hub", tell, lines)
