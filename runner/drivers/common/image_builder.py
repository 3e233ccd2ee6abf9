"""Provides the images that nodes need: reuse what is available, else pull it, else build a stand-in image.

The process is the same for every driver. Each driver provides an `ImageBackend`, which stores, pulls and builds images.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from runner.drivers.common import build_scheduler, image_set
from runner.drivers.common.image_set import ImageSet
from runner.images import debian_base, recipe
from runner.images.recipe import Recipe
from runner.nodes.driver_interface import NodeImage
from runner.status import DetailCallback, StatusReporter


@dataclass(frozen=True, slots=True)
class StoredImage:
    """An image that a back end has.

    Attributes:
        id: Its id, as `docker images --no-trunc` shows it.
        size: Its unpacked size in bytes.

    """

    id: str
    size: int


class ImageBackend(Protocol):
    """Stores, pulls and builds images for a driver."""

    @property
    def node_recipe_name(self) -> str:
        """The name of the recipe for the image that nodes run on."""
        ...

    def is_registry_reachable(self) -> bool:
        """Return whether a registry answers within a few seconds."""
        ...

    def get_pulled_tag(self, name: str) -> str:
        """Return the tag that an image has in this back end after it was pulled by its official name."""
        ...

    def find_stored_images(self, tags: Iterable[str]) -> dict[str, StoredImage]:
        """Return the images with these tags that exist in this back end, by tag."""
        ...

    def try_pull_image(self, name: str) -> bool:
        """Pull an image by its official name; return False if that fails, as with a pull limit or a lost connection."""
        ...

    def build_base_image(self, tag: str, is_online: bool, report_detail: DetailCallback) -> None:
        """Build the Debian base image, from a pulled root file system or one that mmdebstrap creates.

        Args:
            tag: The tag of the new image.
            is_online: Whether a registry is reachable.
            report_detail: Called with the progress of the build.

        Raises:
            HostError: It cannot be built.

        """
        ...

    def build_image(self, source: Recipe, tag: str, base_tag: str, report_detail: DetailCallback) -> None:
        """Build an image from a recipe, on top of another image.

        Args:
            source: The recipe.
            tag: The tag of the new image.
            base_tag: The tag of the image to build on.
            report_detail: Called with the progress of the build.

        Raises:
            HostError: It cannot be built.

        """
        ...

    def cancel_builds(self) -> None:
        """Make running pulls and builds end early; called from another thread after one of them failed."""
        ...


def build_image_set(
    backend: ImageBackend, current: ImageSet | None, names: Iterable[str], reporter: StatusReporter
) -> ImageSet:
    """Provide an image for every name, and for every name in the current set.

    The new set keeps the names of the current set, so that two labs do not evict each other's images. It drops names
    whose images are no longer up to date; they return when a lab needs them.

    Args:
        backend: Where images are pulled and built.
        current: The set that nodes use now, or None.
        names: Official names.
        reporter: Shows the steps.

    Returns:
        The new set; equal to the current one if nothing has to change.

    Raises:
        HostError: An image can be neither pulled nor built.

    """
    current_names = image_set.filter_up_to_date_names(current.images) if current else set()
    required = sorted({*names, *current_names})
    with reporter.report_step("Looking for an image registry") as report_detail:
        is_online = backend.is_registry_reachable()
        report_detail("found" if is_online else "not reachable, so images are built from Debian packages")
    real = _pull_missing(backend, required, is_online, reporter)
    recipe.check_images_obtainable(required, real)
    stand_ins, tags = recipe.map_image_names_to_recipes(), recipe.compute_image_tags(debian_base.hash_host_inputs())
    _build_base(backend, tags[recipe.BASE], is_online, reporter)
    needed = {
        recipe.load_recipes()[backend.node_recipe_name],
        *(stand_ins[name] for name in required if name not in real),
    }
    _build_missing(backend, recipe.sort_in_build_order(needed), tags, reporter)
    image_tags = {
        name: backend.get_pulled_tag(name) if name in real else tags[stand_ins[name].name] for name in required
    }
    node_tag = tags[backend.node_recipe_name]
    stored = backend.find_stored_images([node_tag, *image_tags.values()])
    images = [
        _describe(name, stored[tag], None if name in real else stand_ins[name]) for name, tag in image_tags.items()
    ]
    return ImageSet(stored[node_tag].id, tuple(images))


def _pull_missing(backend: ImageBackend, names: Sequence[str], is_online: bool, reporter: StatusReporter) -> set[str]:
    """Return the names whose real image is available, after pulling what is missing."""
    tags = {name: backend.get_pulled_tag(name) for name in recipe.filter_pullable_images(names)}
    stored = backend.find_stored_images(tags.values())
    real = {name for name, tag in tags.items() if tag in stored}
    missing = [name for name in tags if name not in real]
    if not is_online or not missing:
        return real
    with (
        reporter.report_step(f"Pulling {_count(missing)}") as report_detail,
        ThreadPoolExecutor(build_scheduler.MAX_PARALLEL) as pool,
    ):
        try:
            for name, is_pulled in zip(missing, pool.map(backend.try_pull_image, missing), strict=True):
                report_detail(name)
                real |= {name} if is_pulled else set()
        except BaseException:
            # Otherwise the pool would wait for pulls that can take minutes.
            backend.cancel_builds()
            raise
    return real


def _build_base(backend: ImageBackend, tag: str, is_online: bool, reporter: StatusReporter) -> None:
    if not backend.find_stored_images([tag]):
        with reporter.report_step("Building the Debian base image") as report_detail:
            backend.build_base_image(tag, is_online, report_detail)


def _build_missing(
    backend: ImageBackend, recipes: Sequence[Recipe], tags: Mapping[str, str], reporter: StatusReporter
) -> None:
    stored = backend.find_stored_images(tags[source.name] for source in recipes)
    missing = [source for source in recipes if tags[source.name] not in stored]
    if not missing:
        return
    with reporter.report_step(f"Building {_count(missing)}") as report_detail:

        def build(source: Recipe) -> None:
            def report_build(detail: str) -> None:
                report_detail(f"{source.name}: {detail}")

            backend.build_image(source, tags[source.name], tags[source.base], report_build)

        build_scheduler.build_in_dependency_order(missing, build, backend.cancel_builds)


def _describe(name: str, stored: StoredImage, stand_in: Recipe | None) -> NodeImage:
    if stand_in is None:
        return NodeImage(name, stored.id, "", stored.size)
    return NodeImage(name, stored.id, stand_in.description, stored.size, recipe.compute_recipe_version(stand_in.name))


def _count(images: Sequence[object]) -> str:
    return "1 image" if len(images) == 1 else f"{len(images)} images"
