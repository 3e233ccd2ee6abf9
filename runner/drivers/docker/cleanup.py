"""Removes all that belongs to a cluster."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus

import docker
from docker.errors import APIError, NotFound

from runner.drivers.docker import labels
from runner.nodes.driver_interface import ClusterId


def remove_cluster_objects(client: docker.DockerClient, cluster: ClusterId) -> bool:
    """Remove a cluster's containers, volumes and networks, found by their labels.

    Args:
        client: The host's engine.
        cluster: Which cluster.

    Returns:
        Whether there was anything.

    """
    api = client.api
    own = labels.build_cluster_filter(cluster)
    found = api.volumes(filters=own)["Volumes"] or []
    volumes = [one["Name"] for one in found]
    marks = [one["Name"] for one in found if labels.COMPLETE in one["Labels"]]
    containers = [one["Id"] for one in api.containers(all=True, filters=own)]
    networks = [one["Id"] for one in api.networks(filters=own)]
    with ThreadPoolExecutor(8) as pool:
        # The mark of a complete start goes first: what an interruption leaves is then known to be remains.
        list(pool.map(_tolerant(lambda name: api.remove_volume(name)), marks))
        # Once nobody is on it, the engine can take the network down while it ends the nodes.
        list(pool.map(lambda one: _leave(client, one), networks))
        early = pool.map(lambda one: _removed_early(client, one), networks)
        list(pool.map(_tolerant(lambda one: api.remove_container(one, v=True, force=True)), containers))
        gone = pool.map(_tolerant(lambda name: api.remove_volume(name, force=True)), volumes)
        late = [one for one, removed in zip(networks, early, strict=True) if not removed]
        list(pool.map(_tolerant(lambda one: api.remove_network(one)), late))
        list(gone)
    return bool(containers or volumes or networks)


def _leave(client: docker.DockerClient, network: str) -> None:
    def disconnect(container: str) -> None:
        # Whatever stands against it, removing the container comes next and has the same effect.
        with contextlib.suppress(APIError):
            client.api.disconnect_container_from_network(container, network, force=True)

    with ThreadPoolExecutor(8) as pool, contextlib.suppress(NotFound):
        list(pool.map(disconnect, client.api.inspect_network(network)["Containers"] or {}))


def _removed_early(client: docker.DockerClient, network: str) -> bool:
    try:
        client.api.remove_network(network)
    except APIError:
        return False
    return True


def _tolerant(remove_one: Callable[[str], object]) -> Callable[[str], None]:
    def run(name: str) -> None:
        try:
            remove_one(name)
        except NotFound:
            pass
        except APIError as error:
            # Somebody else is removing it already.
            if error.status_code != HTTPStatus.CONFLICT or "in progress" not in str(error):
                raise

    return run
