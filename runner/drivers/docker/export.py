"""Exports images to an image bundle and imports them, for an engine without a registry and hosts without Debian.

A bundle contains the images as `docker save` writes them. Image ids depend on how an engine stores images, so a bundle
has a reference for each image, and the import looks up the ids.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import docker
import requests
from docker.errors import DockerException, ImageNotFound

from runner import signals
from runner.drivers.common import image_set
from runner.drivers.common.image_set import ImageSet
from runner.drivers.docker import host_engine, image_stream, layer_cache, layer_cache_builder
from runner.errors import HostError
from runner.images import bundle, bundle_file, recipe
from runner.images.bundle import BundleTarget
from runner.nodes.driver_interface import NodeImage
from runner.status import StatusReporter
from runner.storage import codec

_RECORD_NAME = "images.json"
# Not the official name itself: an export must not change what that name means on the engine.
_OFFICIAL_PREFIX = "labs-official/"


@dataclass(frozen=True, slots=True)
class _ExportedImage:
    """An image for node engines; several names can have the same reference."""

    reference: str
    image: NodeImage


@dataclass(frozen=True, slots=True)
class _Record:
    """What a docker bundle contains.

    Attributes:
        node_reference: The reference of the image that nodes run on.
        images: The images for node engines.

    """

    node_reference: str
    images: tuple[_ExportedImage, ...]

    @property
    def references(self) -> set[str]:
        """All references."""
        return {self.node_reference, *(exported.reference for exported in self.images)}


def describe_target(info: dict[str, Any]) -> BundleTarget:
    """Return which bundles a host engine can use.

    Args:
        info: The engine's response to `/info`.

    """
    architecture = bundle.normalize_architecture(info["Architecture"])
    return BundleTarget("docker", architecture, recipe.compute_recipe_version(recipe.NODE))


def export_images(
    client: docker.DockerClient, target: BundleTarget, path: Path, reporter: StatusReporter
) -> tuple[NodeImage, ...]:
    """Write the images of the current layer cache that are up to date, and the image of nodes, to a bundle.

    Args:
        client: The host engine.
        target: The hosts that can use the bundle.
        path: The file; an existing file is replaced once everything is written.
        reporter: Shows the steps.

    Raises:
        HostError: There are no images, the file cannot be written, or the engine failed.

    """
    current = layer_cache.find_current_layer_cache(client)
    if not current:
        raise HostError("There is nothing to export yet.", "Run 'labs images build --driver docker' first.")
    images = image_set.filter_up_to_date_images(current.image_set.images)
    record = _Record(
        _format_reference(recipe.NODE, target.node_version),
        tuple(_ExportedImage(_get_reference(image), image) for image in images),
    )
    ids = {exported.reference: exported.image.image for exported in record.images}
    ids[record.node_reference] = current.image_set.node_image
    with (
        _tag_temporarily(client, ids),
        bundle_file.create_bundle(path, image_set.describe_bundle(target, images), reporter) as archive,
    ):
        bundle_file.add_record(archive, _RECORD_NAME, codec.encode_json(record, indent=2).encode())
        with host_engine.translate_engine_errors("exporting the images"):
            image_stream.save_images(client, ids, archive)
    return images


def import_images(client: docker.DockerClient, target: BundleTarget, path: Path, reporter: StatusReporter) -> None:
    """Load the images of a bundle into the host engine, and fill a layer cache with them.

    If this is interrupted, the engine may keep images that nothing uses; `labs images prune` removes them.

    Args:
        client: The host engine.
        target: Which bundles it can use.
        path: The file.
        reporter: Shows the steps.

    Raises:
        UsageError: The file is not a bundle, is damaged, or was written for another version or processor.
        HostError: The engine failed, or its disk is full.

    """
    with bundle_file.open_bundle(path, reporter) as reader:
        reader.manifest.check_target(path, target)
        record = codec.decode_json(reader.read_record(_RECORD_NAME), _Record)
        image_stream.load_images(client, reader, record.references)
    with host_engine.translate_engine_errors("importing the images"):
        current = layer_cache.find_current_layer_cache(client)
        current_set = current.image_set if current else None
        new_set = image_set.merge_image_sets(_find_loaded_images(client, path, record), current_set)
        if new_set != current_set:
            layer_cache_builder.fill_layer_cache(client, new_set, reporter)


def _format_reference(recipe_name: str, version: str) -> str:
    return f"labs/{recipe_name}:{version}"


def _get_reference(image: NodeImage) -> str:
    """Return the reference of an image in a bundle, which does not depend on the host that built it."""
    if image.stand_in:
        return _format_reference(recipe.map_image_names_to_recipes()[image.name].name, image.version)
    return f"{_OFFICIAL_PREFIX}{image_set.add_library_namespace(image.name)}"


@contextmanager
def _tag_temporarily(client: docker.DockerClient, ids: dict[str, str]) -> Iterator[None]:
    """Give images these references during the block, because the engine exports images by reference."""
    added = []
    try:
        with host_engine.translate_engine_errors("tagging the images"), signals.defer_interrupts_in_block():
            for reference, image in ids.items():
                tags = client.api.inspect_image(image)["RepoTags"] or []
                if reference not in tags:
                    client.api.tag(image, *reference.rsplit(":", 1))
                    # An image without another reference would be removed together with this one.
                    added += [reference] if tags else []
        yield
    finally:
        for reference in added:
            with contextlib.suppress(DockerException, requests.RequestException):
                client.api.remove_image(reference, noprune=True)


def _find_loaded_images(client: docker.DockerClient, path: Path, record: _Record) -> ImageSet:
    """Return the images of a bundle with the ids that this engine has given them."""
    try:
        node_image = client.api.inspect_image(record.node_reference)["Id"]
        images = [_find_loaded_image(client, exported) for exported in record.images]
    except ImageNotFound as error:
        raise bundle_file.create_import_error(path, f"an image is missing ({error.explanation})") from error
    return ImageSet(node_image, tuple(images))


def _find_loaded_image(client: docker.DockerClient, exported: _ExportedImage) -> NodeImage:
    details = client.api.inspect_image(exported.reference)
    if not exported.image.stand_in:
        _add_official_name(client, exported, details["Id"])
    return replace(exported.image, image=details["Id"], size=details["Size"])


def _add_official_name(client: docker.DockerClient, exported: _ExportedImage, image: str) -> None:
    """Give an official image its name, unless the user has pulled another version of it, which keeps the name."""
    name = exported.image.name
    try:
        client.api.inspect_image(name)
    except ImageNotFound:
        client.api.tag(image, *name.rsplit(":", 1))
    if client.api.inspect_image(name)["Id"] == image:
        client.api.remove_image(exported.reference, noprune=True)
