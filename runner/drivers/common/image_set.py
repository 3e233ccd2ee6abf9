"""The set of images that a driver has prepared for its nodes, and whether it is up to date."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from runner.images import recipe
from runner.images.bundle import BundleManifest, BundleTarget
from runner.nodes.driver_interface import NodeImage


@dataclass(frozen=True, slots=True)
class ImageSet:
    """The images of a layer cache or of a VM's base disk.

    Attributes:
        node_image: The id of the image that the nodes themselves run on.
        images: The images that node engines have, sorted by name.

    """

    node_image: str
    images: tuple[NodeImage, ...]


def filter_up_to_date_names(images: Iterable[NodeImage]) -> set[str]:
    """Return the names of the images that are real, or built from the recipes of this version."""
    recipes = recipe.map_image_names_to_recipes()
    return {
        image.name
        for image in images
        if not image.stand_in
        or (image.name in recipes and image.version == recipe.compute_recipe_version(recipes[image.name].name))
    }


def filter_up_to_date_images(images: Iterable[NodeImage]) -> tuple[NodeImage, ...]:
    """Return the images that are real, or built from the recipes of this version."""
    all_images = tuple(images)
    names = filter_up_to_date_names(all_images)
    return tuple(image for image in all_images if image.name in names)


def add_mirror_only_names(names: Iterable[str]) -> list[str]:
    """Return these official names, and those of the images that every registry mirror has, sorted."""
    return sorted({*names, *recipe.list_mirror_only_images()})


def list_preloaded_names(images: Iterable[NodeImage]) -> list[str]:
    """Return the names of the images that nodes have without pulling them."""
    mirror_only = recipe.list_mirror_only_images()
    return [image.name for image in images if image.name not in mirror_only]


def are_images_up_to_date(images: Iterable[NodeImage], names: Iterable[str]) -> bool:
    """Return whether all named images are among these, and up to date."""
    required = {*names}
    # Compare only the required images with their recipes: hashing all recipes would noticeably delay a start.
    return required <= filter_up_to_date_names(image for image in images if image.name in required)


def add_library_namespace(name: str) -> str:
    """Return an official name as Docker Hub's registry knows it: 'library/nginx:alpine' for 'nginx:alpine'."""
    return name if "/" in name else f"library/{name}"


def merge_image_sets(imported: ImageSet, current: ImageSet | None) -> ImageSet:
    """Add current images to imported ones: those with other names, and official ones in place of stand-ins.

    Args:
        imported: The images of a bundle.
        current: The set that nodes use now, or None.

    """
    images = {image.name: image for image in imported.images}
    for image in filter_up_to_date_images(current.images) if current else ():
        if image.name not in images or (images[image.name].stand_in and not image.stand_in):
            images[image.name] = image
    return ImageSet(imported.node_image, tuple(images[name] for name in sorted(images)))


def describe_bundle(target: BundleTarget, images: Iterable[NodeImage]) -> BundleManifest:
    """Return the manifest of a bundle with these images.

    Args:
        target: The hosts that can use it.
        images: Images that are up to date.

    """
    recipes = recipe.map_image_names_to_recipes()
    return BundleManifest(target, {recipes[image.name].name: image.version for image in images if image.stand_in})
