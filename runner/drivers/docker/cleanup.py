"""Removes everything on the engine that belongs to a cluster."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus

import docker
from docker.errors import APIError, NotFound

from runner.drivers.docker import labels
from runner.nodes.driver_interface import ClusterId

_MAX_PARALLEL = 8


def remove_cluster_objects(client: docker.DockerClient, cluster: ClusterId) -> bool:
    """Remove a cluster's containers, volumes and networks, found by their labels.

    Args:
        client: The host engine.
        cluster: The cluster.

    Returns:
        Whether there was anything to remove.

    """
    api = client.api
    cluster_filter = labels.build_cluster_filter(cluster)
    volume_entries = api.volumes(filters=cluster_filter)["Volumes"] or []
    volumes = [volume["Name"] for volume in volume_entries]
    complete_marks = [volume["Name"] for volume in volume_entries if labels.COMPLETE in volume["Labels"]]
    containers = [container["Id"] for container in api.containers(all=True, filters=cluster_filter)]
    networks = [network["Id"] for network in api.networks(filters=cluster_filter)]
    remove_volume = _tolerate_removed(lambda name: api.remove_volume(name, force=True))
    remove_container = _tolerate_removed(lambda container: api.remove_container(container, v=True, force=True))
    remove_network = _tolerate_removed(lambda network: api.remove_network(network))
    with ThreadPoolExecutor(_MAX_PARALLEL) as pool:
        # Remove the mark of a complete start first: if this is interrupted, the remaining objects count as leftovers.
        list(pool.map(remove_volume, complete_marks))
        # Once no container is connected, the engine can remove the network while it stops the nodes.
        list(pool.map(lambda network: _disconnect_all(client, network), networks))
        network_removals = pool.map(lambda network: _try_remove_network(client, network), networks)
        list(pool.map(remove_container, containers))
        volume_removals = pool.map(remove_volume, volumes)
        remaining = [network for network, is_removed in zip(networks, network_removals, strict=True) if not is_removed]
        list(pool.map(remove_network, remaining))
        list(volume_removals)
    return bool(containers or volumes or networks)


def _disconnect_all(client: docker.DockerClient, network: str) -> None:
    def disconnect(container: str) -> None:
        # If this fails, removing the container, which comes next, has the same effect.
        with contextlib.suppress(APIError):
            client.api.disconnect_container_from_network(container, network, force=True)

    with ThreadPoolExecutor(_MAX_PARALLEL) as pool, contextlib.suppress(NotFound):
        list(pool.map(disconnect, client.api.inspect_network(network)["Containers"] or {}))


def _try_remove_network(client: docker.DockerClient, network: str) -> bool:
    try:
        client.api.remove_network(network)
    except APIError:
        return False
    return True


def _tolerate_removed(remove: Callable[[str], object]) -> Callable[[str], None]:
    """Return a function that removes an object, and ignores that it is already gone or being removed."""

    def remove_tolerantly(name: str) -> None:
        try:
            remove(name)
        except NotFound:
            pass
        except APIError as error:
            # Another process is removing it already.
            if error.status_code != HTTPStatus.CONFLICT or "in progress" not in str(error):
                raise

    return remove_tolerantly
