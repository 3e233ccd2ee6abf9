"""Builds the artifacts of VMs from images: the base disk, the sandbox's root folder and the mirror's registry."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from runner.drivers.common import image_set
from runner.drivers.common.image_builder import build_image_set
from runner.drivers.common.image_set import ImageSet
from runner.drivers.uml import artifacts, buildah, diagnostics, image_preload
from runner.drivers.uml.buildah import BuildahStorage
from runner.drivers.uml.images import BuildahBackend
from runner.drivers.uml.process_runner import ProcessRunner, isolate_command
from runner.images import recipe
from runner.status import DetailCallback, StatusReporter

# The most that a VM can store; the file is sparse, so unused space takes none on the host.
_DISK_SIZE = "8G"
# Debian's merged /usr: these folders of the root are links into it.
_ROOT_LINKS = ("bin", "lib", "lib64")
_HERE = Path(__file__).parent


def ensure_artifacts_with_images(names: Iterable[str], reporter: StatusReporter) -> None:
    """Build artifacts with these images and those of the current ones, unless these already have all of them.

    An interrupted build resumes from the images that are built already. The caller holds the images' lock.

    Args:
        names: Official names.
        reporter: Shows the steps.

    Raises:
        HostError: A build tool is missing, or an image can be neither pulled nor built.

    """
    diagnostics.check_build_tools()
    current = artifacts.find_newest_artifacts()
    current_set = ImageSet(current.node_image, current.images) if current else None
    storage = buildah.choose_storage(ProcessRunner())
    new_set = build_image_set(BuildahBackend(storage), current_set, names, reporter)
    if new_set == current_set:
        return
    with artifacts.create_partial_folder() as folder:
        with reporter.report_step("Creating the VMs' base disk") as report_detail:
            _create_disk(storage, new_set.node_image, folder, report_detail)
        with reporter.report_step("Pushing images to the registry mirror") as report_detail:
            _fill_registry(storage, new_set, folder, report_detail)
        with reporter.report_step("Unpacking images onto the base disk") as report_detail:
            image_preload.preload_images(folder, image_set.list_preloaded_names(new_set.images), report_detail)
        artifacts.publish_artifacts(artifacts.describe_new_artifacts(folder, new_set.node_image, new_set.images))


def _create_disk(storage: BuildahStorage, node_image: str, folder: Path, report_detail: DetailCallback) -> None:
    """Create the base disk, the sandbox's root folder and the registry mirror's certificates."""
    argv = ["bash", str(_HERE / "pack_artifacts.sh"), node_image, str(folder), _DISK_SIZE, *storage.command_prefix]
    storage.processes.run_process(isolate_command(argv), "creating the VMs' base disk", report_detail)
    create_sandbox_usr_links(folder)


def create_sandbox_usr_links(folder: Path) -> None:
    """Complete the sandbox's root folder with the links into /usr.

    Args:
        folder: The artifacts' folder.

    """
    for name in _ROOT_LINKS:
        (folder / "sandbox" / name).symlink_to(f"usr/{name}")


def _fill_registry(storage: BuildahStorage, images: ImageSet, folder: Path, report_detail: DetailCallback) -> None:
    """Push the images into the registry mirror's storage, with the registry program of the sandbox."""
    (folder / "registry").mkdir()
    argv = [
        "bash",
        str(_HERE / "push_images.sh"),
        str(folder / "sandbox"),
        str(folder / "registry"),
        str(recipe.RECIPES_FOLDER / recipe.NODE / "labs-frontend-tags"),
        *storage.command_prefix,
    ]
    lines = "".join(f"{image.image} {image_set.add_library_namespace(image.name)}\n" for image in images.images)
    command = isolate_command(argv, has_network=False)
    storage.processes.run_process(command, "pushing images to the registry mirror", report_detail, lines)
