"""Fills a store: a hub takes the images, and a node beside it unpacks them for every node to share."""

from __future__ import annotations

import contextlib
import io
import json
import secrets
import tarfile
from collections.abc import Sequence

import docker
from docker.errors import ImageNotFound, NotFound

from runner import paths, signals
from runner.drivers.common import image_set as contents_of
from runner.drivers.docker import capabilities, cleanup, host_engine, labels, layer_cache, network, readiness
from runner.drivers.docker import images as build
from runner.drivers.docker.layer_cache import Store
from runner.images import recipe
from runner.nodes.driver_interface import ClusterId, NodeImage
from runner.status import DetailCallback, StatusReporter
from runner.storage import codec

# What fills a store carries a cluster's labels, so that the remains of an interruption go the way of a cluster's.
_FILLING = ClusterId("images", "build")
_PUSH_PORT = "5000/tcp"


def fill(client: docker.DockerClient, images: Sequence[str], reporter: StatusReporter) -> Store:
    """Gather images and fill a store with them and what the present one has, unless that has just these.

    Args:
        client: The host's engine.
        images: Official names.
        story: Where to show it.

    Raises:
        HostError: Something could not be pulled, built or stored.

    """
    present = layer_cache.find(client)
    # What another lab has asked for stays, lest two labs take the store from each other; what the recipes would make
    # otherwise by now waits until it is asked for.
    wanted = {*images, *contents_of.filter_up_to_date(present.contents)} if present else set(images)
    node_image, contents = build.gather(client, wanted, reporter)
    if present and set(present.contents) == set(contents):
        return present
    node_id = str(client.api.inspect_image(node_image)["Id"])
    volume = f"{paths.project()}-store-{secrets.token_hex(6)}"
    cleanup.remove(client, _FILLING)
    with reporter.step("Filling the store") as tell:
        try:
            _fill(client, node_id, volume, contents, tell)
            cleanup.remove(client, _FILLING)
        except BaseException:
            with signals.uninterrupted():
                _discard(client, volume)
            raise
    filled = Store(node_id, volume, tuple(contents))
    _record(client, filled)
    return filled


def _fill(
    client: docker.DockerClient, node_image: str, volume: str, contents: list[NodeImage], tell: DetailCallback
) -> None:
    known = capabilities.gather(client, node_image, client.info())
    with host_engine.explained("filling the store"):
        with signals.deferred():
            client.api.create_volume(volume, labels={labels.PROJECT: paths.project(), labels.STORE: "yes"})
            hub = str(network.make(client, _FILLING)[network.HUB_HOST])
            serving = _hub(client, node_image, volume, hub)
        readiness.alone(client, serving, "the hub")
        tell("handing the images to the hub")
        _push_all(client, contents)
        tell("unpacking them for the nodes")
        with signals.deferred():
            node = _node(client, node_image, volume, hub, known)
        readiness.alone(client, node, "the node that unpacks")
        names = [content.name for content in contents]
        made = client.api.exec_create(node, ["labs-layer-cache", "fill", *names])["Id"]
        output = client.api.exec_start(made)
        if client.api.exec_inspect(made)["ExitCode"]:
            log = output.decode("utf-8", "replace")
            raise host_engine.failure("filling the store", "the images could not be unpacked", log)


def _hub(client: docker.DockerClient, image: str, volume: str, address: str) -> str:
    api = client.api
    port = _PUSH_PORT.split("/", maxsplit=1)[0]
    made = api.create_container(
        image,
        ["labs-layer-cache", "serve"],
        name=labels.name(_FILLING, "hub"),
        labels=labels.of(_FILLING, hub="yes"),
        ports=[int(port)],
        host_config=api.create_host_config(
            network_mode=labels.name(_FILLING),
            binds=[f"{volume}:{layer_cache.MOUNT}"],
            tmpfs={"/run": ""},
            port_bindings={int(port): ("127.0.0.1",)},
        ),
        networking_config=network.endpoint(client, _FILLING, address, "mirror"),
    )
    return str(made["Id"])


def _push_all(client: docker.DockerClient, contents: list[NodeImage]) -> None:
    details = client.api.inspect_container(labels.name(_FILLING, "hub"))
    port = details["NetworkSettings"]["Ports"][_PUSH_PORT][0]["HostPort"]

    def push(content: NodeImage) -> None:
        repository, tag = reference(content)
        with signals.deferred():
            client.api.tag(content.image, repository, tag)
        for message in client.api.push(repository, tag=tag, stream=True, decode=True):
            if "error" in message:
                raise host_engine.failure(f"handing {content.name} to the hub", message["error"])

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


def _node(client: docker.DockerClient, image: str, volume: str, hub: str, known: capabilities.HostFacts) -> str:
    api = client.api
    options = capabilities.node_options(known)
    disk = api.create_volume(labels.name(_FILLING, "node"), labels=labels.of(_FILLING))["Name"]
    binds = [f"{disk}:/var/lib/docker", f"{volume}:{layer_cache.MOUNT}", *options.pop("binds", [])]
    made = api.create_container(
        image,
        name=labels.name(_FILLING, "node"),
        labels=labels.of(_FILLING),
        environment={"LABS_MIRROR": hub},
        host_config=capabilities.host_config(
            client, {"network_mode": labels.name(_FILLING), "binds": binds, **options}
        ),
    )
    return str(made["Id"])


def _discard(client: docker.DockerClient, volume: str) -> None:
    """Remove a store's volume, if it exists."""
    cleanup.remove(client, _FILLING)
    with contextlib.suppress(NotFound):
        client.api.remove_volume(volume, force=True)


def _record(client: docker.DockerClient, filled: Store) -> None:
    own = {
        **labels.IMAGES,
        labels.STORE: recipe.version(recipe.NODE),
        labels.OWNER: paths.project(),
        labels.NODE: filled.node_image,
        labels.VOLUME: filled.volume,
        labels.CONTENTS: codec.encode_json(filled.contents),
    }
    changes = [f"LABEL {key}={json.dumps(value)}" for key, value in own.items()]
    empty = io.BytesIO()
    tarfile.open(fileobj=empty, mode="w").close()
    with host_engine.explained("recording the store"):
        client.api.import_image_from_data(
            empty.getvalue(), repository=layer_cache.REPOSITORY, tag=filled.volume.rsplit("-", 1)[1], changes=changes
        )
