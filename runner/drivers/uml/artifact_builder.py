"""Builds parts from Debian's packages, with no engine: images with buildah; from them a disk, a jail and a registry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from runner.drivers.common import image_set as contents_of
from runner.drivers.uml import artifacts, buildah, needs, packing
from runner.drivers.uml import images as gathering
from runner.drivers.uml.artifacts import Parts
from runner.drivers.uml.process_runner import Commands
from runner.status import DetailCallback, StatusReporter

# Boots a machine on the disk in a folder, with the hub beside it, and lets it pull the names.
Fill = Callable[[Path, Sequence[str], DetailCallback], None]


def build(images: Iterable[str], reporter: StatusReporter, fill: Fill) -> Parts:
    """Build parts with these images and what the present ones have, unless those have just these.

    An interrupted build goes on where it was.

    The images' lock must be held.

    Args:
        images: Official names.
        story: Where to show it.
        fill: Gives the disk the images.

    Raises:
        HostError: Something is missing here, or could not be pulled or built.

    """
    needs.require()
    present = artifacts.find()
    # What another lab has asked for stays, lest two labs take the parts from each other; what the recipes would make
    # otherwise by now waits until it is asked for.
    kept = contents_of.fitting(present.contents) if present else set()
    wanted = sorted({*images, *kept})
    storage = buildah.open_storage(Commands())
    machine, contents = gathering.gather(storage, wanted, reporter)
    if present and present.machine == machine and set(present.contents) == set(contents):
        return present
    with artifacts.half() as folder:
        with reporter.step("Packing the machines' disk") as tell:
            packing.pack(storage, machine, folder, tell)
        with reporter.step("Handing the images to the hub") as tell:
            packing.fill_registry(storage, contents, folder, tell)
        with reporter.step("Unpacking the images for the machines") as tell:
            fill(folder, wanted, tell)
        return artifacts.complete(artifacts.new(folder, machine, contents))
