"""The layer cache: a volume with the registry mirror's storage and certificates, and unpacked layers for all nodes.

An empty image `labs/layer-cache` is the record of a cache that was filled completely: its labels name the volume, the
image that nodes run on, and the images in the cache. A volume without a record is left over from an interrupted build.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import docker
from docker.errors import APIError, ImageNotFound, NotFound

from runner import paths
from runner.drivers.common import image_set
from runner.drivers.common.image_set import ImageSet
from runner.drivers.docker import host_engine, labels, project_lock
from runner.images import recipe
from runner.nodes.driver_interface import NodeImage
from runner.storage import codec

MOUNT = "/var/lib/labs-layer-cache"
REPOSITORY = "labs/layer-cache"
# The image without labels on which earlier versions built the base image.
_OLD_ROOT = "labs/root"
# Most users start clusters of this project, so its layer cache is kept even while it has no cluster.
_DEFAULT_PROJECT = "labs"
_CACHE_LABELS = (labels.LAYER_CACHE, labels.OLD_LAYER_CACHE)


@dataclass(frozen=True, slots=True)
class LayerCache:
    """A layer cache that nodes can use.

    Attributes:
        volume: The volume's name.
        image_set: The images in it, and the image that nodes and the registry mirror run on.

    """

    volume: str
    image_set: ImageSet

    def has_images(self, names: Iterable[str]) -> bool:
        """Return whether all of these images are in it, and up to date with this version's recipes."""
        return image_set.are_images_up_to_date(self.image_set.images, names)


@dataclass(slots=True)
class _CacheObjects:
    """The engine's objects of one layer cache, usable or not: its volume, its record, or both."""

    project: str
    lock_location: str | None = None
    has_volume: bool = False
    records: list[dict[str, Any]] = field(default_factory=list)


def find_current_layer_cache(client: docker.DockerClient) -> LayerCache | None:
    """Return this project's newest layer cache for nodes as this version's recipes build them, or None."""
    record_filter = {
        "label": [
            f"{labels.LAYER_CACHE}={recipe.compute_recipe_version(recipe.NODE)}",
            f"{labels.OWNER}={paths.project_name()}",
        ]
    }
    for record in sorted(client.api.images(filters=record_filter), key=lambda image: -int(image["Created"])):
        record_labels = record["Labels"]
        node_image, images = record_labels[labels.NODE], _parse_images(record_labels[labels.CONTENTS])
        try:
            volume = client.api.inspect_volume(record_labels[labels.VOLUME])
            client.api.inspect_image(node_image)
        except (NotFound, ImageNotFound):
            continue
        # If the volume was removed, a container that mounts it creates it again: empty and without the label.
        if labels.LAYER_CACHE in (volume["Labels"] or {}):
            return LayerCache(record_labels[labels.VOLUME], ImageSet(node_image, images))
    return None


def _parse_images(text: str) -> tuple[NodeImage, ...]:
    """Return the images that a label lists; none if another version of labs wrote it in another format."""
    try:
        return codec.decode_json(text, tuple[NodeImage, ...])
    except codec.DecodeError:
        return ()


def prune_images(client: docker.DockerClient, remove_all: bool) -> int:
    """Remove the images and layer caches that no layer cache in use needs; the caller holds the images' lock.

    Args:
        client: The host engine.
        remove_all: Also remove this project's current layer cache, and the images that only this cache needs.

    Returns:
        How many images and volumes were removed.

    """
    current = None if remove_all else find_current_layer_cache(client)
    with host_engine.translate_engine_errors("pruning the images"):
        removed = _remove_caches(client, current) + _remove_dead_caches(client)
        needed = _list_needed_images(client)
        images = client.api.images(filters={"label": [f"{key}={value}" for key, value in labels.IMAGES.items()]})
        images += client.api.images(filters={"reference": _OLD_ROOT})
        # Remove the newest images first: an image is always newer than the image that it is based on.
        for image in sorted(images, key=lambda image: -int(image["Created"])):
            if image["Id"] not in needed:
                removed += _remove_image(client, image["Id"])
    return removed


def remove_unused_caches(client: docker.DockerClient) -> None:
    """Remove all layer caches except this project's current one and those that other projects use."""
    current = find_current_layer_cache(client)
    with host_engine.translate_engine_errors("removing unused layer caches"):
        _remove_caches(client, current)
        _remove_dead_caches(client)


def _remove_caches(client: docker.DockerClient, current: LayerCache | None) -> int:
    """Remove this project's layer caches except `current`, and return how many objects were removed."""
    caches = _list_caches(client)
    return sum(
        _remove_cache(client, name, cache)
        for name, cache in caches.items()
        if cache.project == paths.project_name() and not (current and name == current.volume)
    )


def _remove_dead_caches(client: docker.DockerClient) -> int:
    """Remove the layer caches of other projects that are dead, and return how many objects were removed.

    A project is dead if all of this is true:
    - It is not the default project, 'labs'.
    - The engine has no container, network or volume of the project's clusters, not even of a stopped or incomplete one.
    - No process holds its lock. A lock of another host, or of a user whose files may not be opened, cannot be examined,
      and the project is not dead. A cache of an earlier version has no lock to examine, and neither has one whose cache
      folder was removed.

    While its caches are removed, the lock keeps new commands of the project waiting.
    """
    removed = 0
    caches = _list_caches(client)
    for project, location in sorted(
        {(cache.project, cache.lock_location) for cache in caches.values()}, key=lambda pair: (pair[0], pair[1] or "")
    ):
        if project in (paths.project_name(), _DEFAULT_PROJECT):
            continue
        with project_lock.lock_unused_project(project, location) as is_unused:
            if is_unused and not _has_clusters(client, project):
                removed += sum(
                    _remove_cache(client, name, cache)
                    for name, cache in caches.items()
                    if (cache.project, cache.lock_location) == (project, location)
                )
    project_lock.remove_unused_lock_files()
    return removed


def _has_clusters(client: docker.DockerClient, project: str) -> bool:
    cluster_filter = {"label": [f"{labels.PROJECT}={project}", labels.LAB]}
    return bool(
        client.api.containers(all=True, filters=cluster_filter)
        or client.api.networks(filters=cluster_filter)
        or client.api.volumes(filters=cluster_filter)["Volumes"]
    )


def _list_caches(client: docker.DockerClient) -> dict[str, _CacheObjects]:
    """Return the layer caches of all projects, including those of earlier versions, by the names of their volumes."""
    caches: dict[str, _CacheObjects] = {}
    for label in _CACHE_LABELS:
        for volume in client.api.volumes(filters={"label": [label]})["Volumes"] or []:
            project, lock_location = volume["Labels"][labels.PROJECT], volume["Labels"].get(labels.LOCK)
            caches[volume["Name"]] = _CacheObjects(project, lock_location, has_volume=True)
        for record in client.api.images(filters={"label": [label]}):
            record_labels = record["Labels"]
            cache = _CacheObjects(record_labels[labels.OWNER], record_labels.get(labels.LOCK))
            caches.setdefault(record_labels[labels.VOLUME], cache).records.append(record)
    return caches


def _remove_cache(client: docker.DockerClient, volume: str, cache: _CacheObjects) -> int:
    """Remove a volume and then its record, unless a cluster uses the volume; return how many were removed."""
    removed = 0
    if cache.has_volume:
        if not _remove_if_unused(lambda: client.api.remove_volume(volume, force=True)):
            return 0
        removed += 1
    return removed + sum(_remove_image(client, record["Id"]) for record in cache.records)


def _remove_image(client: docker.DockerClient, image: str) -> int:
    with contextlib.suppress(ImageNotFound):
        # Not found: it was removed together with another tag of the same image.
        return int(_remove_if_unused(lambda: client.api.remove_image(image, force=True)))
    return 0


def _remove_if_unused(remove: Callable[[], object]) -> bool:
    try:
        remove()
    except APIError as error:
        # A cluster, perhaps of an earlier version, still runs on it.
        if error.status_code == HTTPStatus.CONFLICT:
            return False
        raise
    return True


def _list_needed_images(client: docker.DockerClient) -> set[str]:
    """Return the ids of the images that the remaining layer caches need, their records and the newest base included."""
    needed: set[str] = set()
    for cache in _list_caches(client).values():
        for record in cache.records:
            record_labels = record["Labels"]
            images = _parse_images(record_labels[labels.CONTENTS])
            needed |= {record["Id"], record_labels[labels.NODE], *(image.image for image in images)}
    if needed:
        bases = client.api.images(filters={"label": [f"{labels.RECIPE}={recipe.BASE}"]})
        newest = max(bases, key=lambda image: int(image["Created"]), default=None)
        needed |= {newest["Id"]} if newest else set()
    return needed
