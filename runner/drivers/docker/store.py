"""The store: one volume that holds the hub's registry, its certificates, and unpacked layers that all nodes share.

An empty image `labs/store` is the record of a store that was filled to its end; its labels name the volume and tell
what is in it.
"""

from __future__ import annotations

import contextlib
import io
import json
import secrets
import tarfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

import docker
from docker.errors import APIError, ImageNotFound, NotFound

from runner import paths
from runner.clusters.driver import ClusterId, NodeImage
from runner.drivers.docker import boot, build, engine, facts, labels, network, remains
from runner.images import recipe
from runner.progress import Progress, Tell

MOUNT = "/var/lib/labs-store"
REPOSITORY = "labs/store"
# What fills a store carries a cluster's labels, so that the remains of an interruption go the way of a cluster's.
FILLING = ClusterId("images", "build")
_PUSH_PORT = "5000/tcp"


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
        """Whether all of these are in it."""
        return {*images} <= {content.name for content in self.contents}


def find(client: docker.DockerClient) -> Store | None:
    """Return this project's newest store that fits this version of the recipes, or None."""
    wanted = {"label": [f"{labels.STORE}={recipe.digest_of_all()}", f"{labels.OWNER}={paths.project()}"]}
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


def build_store(client: docker.DockerClient, images: Sequence[str], progress: Progress) -> Store:
    """Gather all images and fill a store with them, unless one with just these exists.

    Args:
        client: The host's engine.
        images: Official names wanted beside those the recipes stand in for.
        progress: Where to show it.

    Raises:
        UnfitError: Something could not be pulled, built or stored.

    """
    present = find(client)
    # What another lab has asked for stays, lest two labs take the store from each other.
    wanted = {*images, *(content.name for content in present.contents)} if present else set(images)
    node_image, contents = build.gather(client, wanted, progress)
    if present and set(present.contents) == set(contents):
        return present
    node_id = str(client.api.inspect_image(node_image)["Id"])
    volume = f"{paths.project()}-store-{secrets.token_hex(6)}"
    remains.remove(client, FILLING)
    with progress.step("Filling the store") as tell:
        try:
            _fill(client, node_id, volume, contents, tell)
        except BaseException:
            discard(client, volume)
            raise
        remains.remove(client, FILLING)
    _record(client, Store(node_id, volume, tuple(contents)))
    return Store(node_id, volume, tuple(contents))


def _fill(client: docker.DockerClient, node_image: str, volume: str, contents: list[NodeImage], tell: Tell) -> None:
    known = facts.gather(client, node_image, client.info())
    with engine.explained("filling the store"):
        client.api.create_volume(volume, labels={labels.PROJECT: paths.project(), labels.STORE: "yes"})
        subnet = network.make(client, FILLING)
        hub = str(subnet[network.HUB_HOST])
        _start_hub(client, node_image, volume, hub)
        tell("handing the images to the hub")
        _push_all(client, contents)
        tell("unpacking them for the nodes")
        node = _node(client, node_image, volume, hub, known)
        boot.alone(client, node, "the node that unpacks")
        names = [content.name for content in contents]
        made = client.api.exec_create(node, ["labs-store", "seal", *names])["Id"]
        output = client.api.exec_start(made)
        if client.api.exec_inspect(made)["ExitCode"]:
            log = output.decode("utf-8", "replace")
            raise engine.failure("filling the store", "the images could not be unpacked", log)


def _start_hub(client: docker.DockerClient, image: str, volume: str, address: str) -> None:
    api = client.api
    port = _PUSH_PORT.split("/", maxsplit=1)[0]
    made = api.create_container(
        image,
        ["labs-store", "serve"],
        name=labels.name(FILLING, "hub"),
        labels=labels.of(FILLING, hub="yes"),
        ports=[int(port)],
        host_config=api.create_host_config(
            network_mode=labels.name(FILLING),
            binds=[f"{volume}:{MOUNT}"],
            tmpfs={"/run": ""},
            port_bindings={int(port): ("127.0.0.1",)},
        ),
        networking_config=network.endpoint(client, FILLING, address, "hub"),
    )
    boot.alone(client, made["Id"], "the hub")


def _push_all(client: docker.DockerClient, contents: list[NodeImage]) -> None:
    details = client.api.inspect_container(labels.name(FILLING, "hub"))
    port = details["NetworkSettings"]["Ports"][_PUSH_PORT][0]["HostPort"]

    def push(content: NodeImage) -> None:
        repository, tag = reference(content)
        client.api.tag(content.image, repository, tag)
        for message in client.api.push(repository, tag=tag, stream=True, decode=True):
            if "error" in message:
                raise engine.failure(f"handing {content.name} to the hub", message["error"])

    def reference(content: NodeImage) -> tuple[str, str]:
        name, tag = content.name.rsplit(":", 1)
        return f"127.0.0.1:{port}/{name if '/' in name else f'library/{name}'}", tag

    try:
        # One after another: a registry that is handed the same layer twice at once can answer with an error.
        for content in contents:
            push(content)
    finally:
        for content in contents:
            with contextlib.suppress(ImageNotFound):
                client.api.remove_image(":".join(reference(content)), noprune=True)


def _node(client: docker.DockerClient, image: str, volume: str, hub: str, known: facts.HostFacts) -> str:
    api = client.api
    options = facts.node_options(known)
    disk = api.create_volume(labels.name(FILLING, "node"), labels=labels.of(FILLING))["Name"]
    binds = [f"{disk}:/var/lib/docker", f"{volume}:{MOUNT}", *options.pop("binds", [])]
    made = api.create_container(
        image,
        name=labels.name(FILLING, "node"),
        labels=labels.of(FILLING),
        environment={"LABS_HUB": hub},
        host_config=facts.host_config(client, {"network_mode": labels.name(FILLING), "binds": binds, **options}),
    )
    return str(made["Id"])


def discard(client: docker.DockerClient, volume: str) -> None:
    """Remove a store's volume, if it exists."""
    remains.remove(client, FILLING)
    with contextlib.suppress(NotFound):
        client.api.remove_volume(volume, force=True)


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
    with engine.explained("pruning the images"):
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
            contents = _contents(own[labels.CONTENTS])
            needed |= {record["Id"], own[labels.NODE], *(content.image for content in contents)}
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
    with engine.explained("removing the store"):
        for name in names:
            try:
                client.api.remove_volume(name, force=True)
                gone += 1
            except APIError as error:
                # The nodes of a cluster that was started from it still stand on it.
                if error.status_code != HTTPStatus.CONFLICT:
                    raise
    return gone


def _record(client: docker.DockerClient, store: Store) -> None:
    own = {
        **labels.IMAGES,
        labels.STORE: recipe.digest_of_all(),
        labels.OWNER: paths.project(),
        labels.NODE: store.node_image,
        labels.VOLUME: store.volume,
        labels.CONTENTS: json.dumps([asdict(content) for content in store.contents]),
    }
    changes = [f"LABEL {key}={json.dumps(value)}" for key, value in own.items()]
    empty = io.BytesIO()
    tarfile.open(fileobj=empty, mode="w").close()
    with engine.explained("recording the store"):
        client.api.import_image_from_data(
            empty.getvalue(), repository=REPOSITORY, tag=store.volume.rsplit("-", 1)[1], changes=changes
        )


def _contents(text: str) -> tuple[NodeImage, ...]:
    data: list[dict[str, Any]] = json.loads(text)
    return tuple(NodeImage(**content) for content in data)
