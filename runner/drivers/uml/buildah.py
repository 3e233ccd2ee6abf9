"""Runs buildah, which builds images without an engine; its storage lets an interrupted build resume."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from runner.drivers.common.image_builder import StoredImage
from runner.drivers.uml import artifacts
from runner.drivers.uml.process_runner import ProcessRunner, isolate_command
from runner.errors import HostError
from runner.status import DetailCallback

# Buildah puts this before the names of images that were built locally.
_LOCAL = "localhost/"
# A line in our format; buildah may print warnings between such lines.
_LISTED = re.compile(r"^(\S+) +(sha256:[0-9a-f]{64}) +([0-9.]+) ?([kMGT]?B)$", re.MULTILINE)
_UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


@dataclass(frozen=True, slots=True)
class BuildahStorage:
    """A folder in which buildah stores images.

    Attributes:
        processes: Runs buildah.
        driver: How the storage keeps layers: 'overlay' or 'vfs'.

    """

    processes: ProcessRunner
    driver: str

    @property
    def command_prefix(self) -> tuple[str, ...]:
        """The words that every buildah command on this storage starts with."""
        folder = artifacts.uml_cache_folder() / "buildah" / self.driver
        return ("buildah", "--root", f"{folder}/root", "--runroot", f"{folder}/run", "--storage-driver", self.driver)

    def run_buildah(self, *words: str, purpose: str, report_line: DetailCallback = lambda _line: None) -> str:
        """Run a buildah command and return its output.

        Args:
            words: The subcommand and its arguments.
            purpose: What it does, for messages, as in 'pulling nginx:alpine'.
            report_line: Called with each line of output.

        Raises:
            HostError: It failed.

        """
        return self.processes.run_process(isolate_command([*self.command_prefix, *words]), purpose, report_line)

    def list_images(self) -> dict[str, StoredImage]:
        """Return all images by tag."""
        line_format = "{{.Name}}:{{.Tag}} {{.ID}} {{.Size}}"
        output = self.run_buildah(
            "images", "--noheading", "--no-trunc", "--format", line_format, purpose="listing the images"
        )
        return {
            name.removeprefix(_LOCAL): StoredImage(image, round(float(number) * _UNITS[unit]))
            for name, image, number, unit in _LISTED.findall(output)
        }

    def build_image(
        self, context: Path, tag: str, arguments: Mapping[str, str], report_step: DetailCallback = lambda _line: None
    ) -> None:
        """Build an image from the Dockerfile in a folder.

        Args:
            context: The folder.
            tag: The tag of the new image.
            arguments: Build arguments.
            report_step: Called with each step, as in 'Step 3/7'.

        Raises:
            HostError: It failed.

        """
        build_arguments = [f"--build-arg={name}={value}" for name, value in arguments.items()]
        options = ["--isolation=chroot", "--network=host", "--pull=never", "--format=docker", f"--tag={tag}"]

        def report_line(line: str) -> None:
            step = re.match(r"(?:\[\S+\] )?STEP (\S+):", line)
            if step:
                report_step(f"Step {step[1]}")

        self.run_buildah(
            "build", *options, *build_arguments, str(context), purpose=f"building {tag}", report_line=report_line
        )

    def remove_leftover_containers(self) -> None:
        """Remove the containers of commands that were killed; no command may run on the storage."""
        self.run_buildah("rm", "--all", purpose="removing leftovers of an earlier build")


def choose_storage(processes: ProcessRunner) -> BuildahStorage:
    """Return this user's storage, with overlays if the file system supports them, else with copies.

    Raises:
        HostError: Buildah does not work on this host.

    """
    storage = BuildahStorage(processes, "overlay")
    try:
        storage.remove_leftover_containers()
    except HostError:
        storage = BuildahStorage(processes, "vfs")
        storage.remove_leftover_containers()
    return storage


def prune_storage_images(keep: Collection[str]) -> int:
    """Remove images from all storages of this user; the caller holds the images' lock.

    Args:
        keep: Tags of images to keep; if empty, the storages are removed completely.

    Returns:
        How many images were removed.

    """
    removed = 0
    processes = ProcessRunner()
    for folder in (artifacts.uml_cache_folder() / "buildah").glob("*"):
        storage = BuildahStorage(processes, folder.name)
        storage.remove_leftover_containers()
        unused = [tag for tag in storage.list_images() if tag not in keep]
        if keep and unused:
            storage.run_buildah("rmi", "--force", *unused, purpose="removing images")
        elif not keep:
            # Its files belong to users that exist only in the user namespace, so they can be removed only there.
            processes.run_process(isolate_command(["rm", "-rf", str(folder)]), "removing images")
        removed += len(unused)
    return removed
