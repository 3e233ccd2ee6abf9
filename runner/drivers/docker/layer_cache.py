"""The store: one volume that holds the hub's registry, its certificates, and unpacked layers that all nodes share.

An empty image `labs/store` is the record of a store that was filled to its end; its labels name the volume and tell
what is in it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus

import docker
from docker.errors import APIError, ImageNotFound, NotFound

from runner import paths
from runner.drivers.common import image_set
from runner.drivers.docker import host_engine, labels
from runner.images import recipe
from runner.nodes.driver_interface import NodeImage
from runner.storage import codec

MOUNT = "/var/lib/labs-layer-cache"
REPOSITORY = "labs/store"


@dataclass(frozen=True, slots=True)
class Store:
    """A filled store.

    Attributes:
        node_image: The id of the image that nodes and hub are made of.
        volume: The volume's name.
        contents: The images in it.

    """

    node_image: str
    volume: str
    contents: tuple[NodeImage, ...]

    def has(self, images: Iterable[str]) -> bool:
        """Whether all of these are in it, as this version of the recipes makes them."""
        wanted = {*images}
        return wanted <= image_set.filter_up_to_date(one for one in self.contents if one.name in wanted)


def find(client: docker.DockerClient) -> Store | None:
    """Return this project's newest store for nodes as this version of the recipes makes them, or None."""
    wanted = {"label": [f"{labels.STORE}={recipe.version(recipe.NODE)}", f"{labels.OWNER}={paths.project()}"]}
    records = sorted(client.api.images(filters=wanted), key=lambda image: -image["Created"])
    for record in records:
        own = record["Labels"]
        store = Store(own[labels.NODE], own[labels.VOLUME], _contents(own[labels.CONTENTS]))
        try:
            volume = client.api.inspect_volume(store.volume)
            client.api.inspect_image(store.node_image)
        except (NotFound, ImageNotFound):
            continue
        # A volume that was gone is made anew by whatever container mounts it, empty and without our label.
        if labels.STORE in (volume["Labels"] or {}):
            return store
    return None


def prune(client: docker.DockerClient, everything: bool) -> int:
    """Remove the images and stores of ours that no store in use needs.

    Args:
        client: The host's engine.
        everything: Also those that are needed.

    Returns:
        How many images and volumes are gone.

    """
    kept = None if everything else find(client)
    gone = 0
    with host_engine.explained("pruning the images"):
        needed = _needed(client, kept)
        ours = client.api.images(filters={"label": [f"{key}={value}" for key, value in labels.IMAGES.items()]})
        # What stands on another image was made after it, and must go before it.
        for image in sorted(ours, key=lambda one: -int(one["Created"])):
            if image["Id"] not in needed:
                with contextlib.suppress(_InUse):
                    _remove_image(client, image["Id"])
                    gone += 1
    return gone + remove_volumes(client, kept.volume if kept else "")


def _needed(client: docker.DockerClient, kept: Store | None) -> set[str]:
    """Return the ids of the images that stay: the kept store's, other projects', and the base they all stand on."""
    needed: set[str] = set()
    for record in client.api.images(filters={"label": [labels.STORE]}):
        own = record["Labels"]
        if (kept and own[labels.VOLUME] == kept.volume) or own[labels.OWNER] != paths.project():
            images = [content.image for content in _contents(own[labels.CONTENTS])]
            needed |= {record["Id"], own[labels.NODE], *images}
    if needed:
        bases = client.api.images(filters={"label": [f"{labels.RECIPE}={recipe.BASE}"]})
        newest = max(bases, key=lambda image: int(image["Created"]), default=None)
        needed |= {newest["Id"]} if newest else set()
    return needed


class _InUse(Exception):  # noqa: N818 - not an error: a cluster of an earlier version may still run on it
    pass


def _remove_image(client: docker.DockerClient, image: str) -> None:
    try:
        client.api.remove_image(image, force=True)
    except ImageNotFound:
        # It went together with another tag of the same image.
        return
    except APIError as error:
        if error.status_code == HTTPStatus.CONFLICT:
            raise _InUse from error
        raise


def remove_volumes(client: docker.DockerClient, but: str = "") -> int:
    """Remove the stores' volumes, but for one; return how many."""
    wanted = {"label": [f"{labels.STORE}=yes", *labels.everything()["label"]]}
    names = [one["Name"] for one in client.api.volumes(filters=wanted)["Volumes"] or [] if one["Name"] != but]
    gone = 0
    with host_engine.explained("removing the store"):
        for name in names:
            try:
                client.api.remove_volume(name, force=True)
                gone += 1
            except APIError as error:
                # The nodes of a cluster that was started from it still stand on it.
                if error.status_code != HTTPStatus.CONFLICT:
                    raise
    return gone


def _contents(text: str) -> tuple[NodeImage, ...]:
    """Return the images that a label lists; none if another version of labs wrote it in another format."""
    try:
        return codec.decode_json(text, tuple[NodeImage, ...])
    except codec.DecodeError:
        return ()
