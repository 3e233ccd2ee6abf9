"""Buildah, which builds images without an engine; its storage is the cache that an interrupted build goes on from."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from runner.drivers.uml import artifacts
from runner.drivers.uml.process_runner import Commands, contained
from runner.errors import HostError
from runner.status import DetailCallback

# Buildah puts this before names that name no registry.
_LOCAL = "localhost/"
# A line of ours, whatever warnings stand between.
_LISTED = re.compile(r"^(\S+) +(sha256:[0-9a-f]{64}) +([0-9.]+) ?([kMGT]?B)$", re.MULTILINE)
_UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


@dataclass(frozen=True, slots=True)
class Image:
    """An image in the storage.

    Attributes:
        id: Its id, as an engine tells it.
        size: Its size in bytes, unpacked.

    """

    id: str
    size: int


@dataclass(frozen=True, slots=True)
class Buildah:
    """A storage of images.

    Attributes:
        commands: What runs buildah.
        driver: How the storage keeps layers.

    """

    commands: Commands
    driver: str

    @property
    def argv(self) -> tuple[str, ...]:
        """How every command on this storage begins."""
        folder = artifacts.cache() / "buildah" / self.driver
        return ("buildah", "--root", f"{folder}/root", "--runroot", f"{folder}/run", "--storage-driver", self.driver)

    def run(self, *words: str, doing: str, tell: DetailCallback = lambda _line: None) -> str:
        """Run a buildah command.

        Raises:
            HostError: It failed.

        """
        return self.commands.run(contained([*self.argv, *words]), doing, tell)

    def images(self) -> dict[str, Image]:
        """Return all images by their names."""
        form = "{{.Name}}:{{.Tag}} {{.ID}} {{.Size}}"
        listed = self.run("images", "--noheading", "--no-trunc", "--format", form, doing="listing the images")
        return {
            name.removeprefix(_LOCAL): Image(image, round(float(number) * _UNITS[unit]))
            for name, image, number, unit in _LISTED.findall(listed)
        }

    def build(
        self, context: Path, tag: str, arguments: Mapping[str, str], tell: DetailCallback = lambda _line: None
    ) -> None:
        """Build an image from the Dockerfile in a folder.

        Raises:
            HostError: It failed.

        """
        given = [f"--build-arg={name}={value}" for name, value in arguments.items()]
        own = ["--isolation=chroot", "--network=host", "--pull=never", "--format=docker", f"--tag={tag}"]

        def step(line: str) -> None:
            found = re.match(r"(?:\[\S+\] )?STEP (\S+):", line)
            if found:
                tell(f"Step {found[1]}")

        self.run("build", *own, *given, str(context), doing=f"building {tag}", tell=step)

    def clear(self) -> None:
        """Remove the remains of commands that were killed; nothing may run on the storage."""
        self.run("rm", "--all", doing="clearing up after an earlier build")


def open_storage(commands: Commands) -> Buildah:
    """Return the storage of this user: with overlays where the file system bears them, else with copies.

    Raises:
        HostError: Buildah does not work here at all.

    """
    storage = Buildah(commands, "overlay")
    try:
        storage.clear()
    except HostError:
        storage = Buildah(commands, "vfs")
        storage.clear()
    return storage


def prune(keep: Collection[str]) -> int:
    """Remove the images that are not to be kept, in every storage of this user; the images' lock must be held.

    Args:
        keep: Names of images; where there are none, the storages go as a whole.

    Returns:
        How many are gone.

    """
    gone = 0
    commands = Commands()
    for folder in (artifacts.cache() / "buildah").glob("*"):
        storage = Buildah(commands, folder.name)
        storage.clear()
        images = storage.images()
        old = [name for name in images if name not in keep]
        if keep and old:
            storage.run("rmi", "--force", *old, doing="removing images")
        elif not keep:
            # Its files belong to users who exist only in the namespace, which alone may remove them.
            commands.run(contained(["rm", "-rf", str(folder)]), "removing images")
        gone += len(old)
    return gone
