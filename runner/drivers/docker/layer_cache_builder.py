"""Fills a layer cache: pushes images to a registry mirror, and unpacks them for all nodes with a temporary node."""

from __future__ import annotations

import contextlib
import io
import json
import secrets
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import docker
from docker.errors import NotFound

from runner import paths, signals
from runner.drivers.common import image_set
from runner.drivers.common.image_builder import build_image_set
from runner.drivers.common.image_set import ImageSet
from runner.drivers.docker import (
    capabilities,
    cleanup,
    host_engine,
    labels,
    layer_cache,
    network,
    project_lock,
    readiness,
)
from runner.drivers.docker.image_transfer import ImageTransfer, run_on_node
from runner.drivers.docker.images import EngineBackend
from runner.drivers.docker.layer_cache import LayerCache
from runner.drivers.docker.readiness import NodeBoot
from runner.images import recipe
from runner.nodes.driver_interface import ClusterId
from runner.status import DetailCallback, StatusReporter
from runner.storage import codec

# The containers that fill a cache have a cluster's labels, so that leftovers are removed like those of a cluster.
_BUILD_CLUSTER = ClusterId("images", "build")
_PUSH_PORT = 5000


def build_layer_cache(client: docker.DockerClient, names: Iterable[str], reporter: StatusReporter) -> None:
    """Fill a layer cache with these images and those of the current cache, unless the current one has exactly these.

    The caller holds the images' lock.

    Args:
        client: The host engine.
        names: Official names.
        reporter: Shows the steps.

    Raises:
        HostError: An image could be neither pulled nor built, or could not be unpacked.

    """
    current = layer_cache.find_current_layer_cache(client)
    current_set = current.image_set if current else None
    new_set = build_image_set(EngineBackend(client), current_set, names, reporter)
    if new_set != current_set:
        fill_layer_cache(client, new_set, reporter)


def fill_layer_cache(client: docker.DockerClient, new_set: ImageSet, reporter: StatusReporter) -> None:
    """Create a layer cache from images that the host engine has; the caller holds the images' lock.

    Args:
        client: The host engine.
        new_set: The images.
        reporter: Shows the step.

    Raises:
        HostError: An image could not be unpacked.

    """
    cache = LayerCache(f"{paths.project_name()}-layer-cache-{secrets.token_hex(6)}", new_set)
    cleanup.remove_cluster_objects(client, _BUILD_CLUSTER)
    with reporter.report_step("Filling the layer cache") as report_detail, _undo_on_failure(client, cache):
        _fill_volume(client, cache, report_detail)
        cleanup.remove_cluster_objects(client, _BUILD_CLUSTER)
    _create_record(client, cache)


@contextmanager
def _undo_on_failure(client: docker.DockerClient, cache: LayerCache) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with signals.ignore_interrupts_in_block():
            cleanup.remove_cluster_objects(client, _BUILD_CLUSTER)
            with contextlib.suppress(NotFound):
                client.api.remove_volume(cache.volume, force=True)
        raise


def _fill_volume(client: docker.DockerClient, cache: LayerCache, report_detail: DetailCallback) -> None:
    images = cache.image_set.images
    facts = capabilities.load_or_probe_host_facts(client, cache.image_set.node_image, client.info())
    with host_engine.translate_engine_errors("filling the layer cache"):
        with signals.defer_interrupts_in_block():
            client.api.create_volume(
                cache.volume,
                labels={
                    labels.PROJECT: paths.project_name(),
                    labels.LAYER_CACHE: "yes",
                    labels.LOCK: project_lock.describe_lock_location(paths.project_name()),
                },
            )
            mirror_address = str(network.create_cluster_network(client, _BUILD_CLUSTER)[network.MIRROR_HOST])
            mirror = _create_mirror(client, cache, mirror_address)
        readiness.start_container_and_wait(client, mirror, "the registry mirror")
        with signals.defer_interrupts_in_block():
            node = _create_node(client, cache, mirror_address, facts)
        boot = NodeBoot(client, node, "the node that unpacks images")
        ImageTransfer(client, _find_push_port(client), node, boot).transfer_images(images, report_detail)
        fill = ["labs-layer-cache", "fill", *image_set.list_preloaded_names(images)]
        run_on_node(client, node, fill, "filling the layer cache")


def _create_mirror(client: docker.DockerClient, cache: LayerCache, address: str) -> str:
    api = client.api
    container = api.create_container(
        cache.image_set.node_image,
        ["labs-layer-cache", "serve"],
        name=labels.format_object_name(_BUILD_CLUSTER, "mirror"),
        labels=labels.build_cluster_labels(_BUILD_CLUSTER, mirror="yes"),
        ports=[_PUSH_PORT],
        host_config=api.create_host_config(
            network_mode=labels.format_object_name(_BUILD_CLUSTER),
            binds=[f"{cache.volume}:{layer_cache.MOUNT}"],
            tmpfs={"/run": ""},
            port_bindings={_PUSH_PORT: ("127.0.0.1",)},
        ),
        networking_config=network.build_networking_config(client, _BUILD_CLUSTER, address, "mirror"),
    )
    return str(container["Id"])


def _find_push_port(client: docker.DockerClient) -> str:
    details = client.api.inspect_container(labels.format_object_name(_BUILD_CLUSTER, "mirror"))
    return str(details["NetworkSettings"]["Ports"][f"{_PUSH_PORT}/tcp"][0]["HostPort"])


def _create_node(
    client: docker.DockerClient, cache: LayerCache, mirror_address: str, facts: capabilities.HostFacts
) -> str:
    api = client.api
    options = capabilities.build_node_host_options(facts)
    name = labels.format_object_name(_BUILD_CLUSTER, "node")
    disk = api.create_volume(name, labels=labels.build_cluster_labels(_BUILD_CLUSTER))["Name"]
    binds = [f"{disk}:/var/lib/docker", f"{cache.volume}:{layer_cache.MOUNT}", *options.pop("binds", [])]
    container = api.create_container(
        cache.image_set.node_image,
        name=name,
        labels=labels.build_cluster_labels(_BUILD_CLUSTER),
        environment={"LABS_MIRROR": mirror_address, "LABS_UNPACK": "yes"},
        host_config=capabilities.build_host_config(
            client, {"network_mode": labels.format_object_name(_BUILD_CLUSTER), "binds": binds, **options}
        ),
    )
    return str(container["Id"])


def _create_record(client: docker.DockerClient, cache: LayerCache) -> None:
    record_labels = {
        **labels.IMAGES,
        labels.LAYER_CACHE: recipe.compute_recipe_version(recipe.NODE),
        labels.OWNER: paths.project_name(),
        labels.LOCK: project_lock.describe_lock_location(paths.project_name()),
        labels.NODE: cache.image_set.node_image,
        labels.VOLUME: cache.volume,
        labels.CONTENTS: codec.encode_json(cache.image_set.images),
    }
    changes = [f"LABEL {key}={json.dumps(value)}" for key, value in record_labels.items()]
    empty = io.BytesIO()
    tarfile.open(fileobj=empty, mode="w").close()
    with host_engine.translate_engine_errors("recording the layer cache"):
        client.api.import_image_from_data(
            empty.getvalue(),
            repository=layer_cache.REPOSITORY,
            tag=cache.volume.rsplit("-", 1)[1],
            changes=changes,
        )
