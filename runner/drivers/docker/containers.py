"""Creates the containers of a cluster: its nodes and its registry mirror."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

import docker

from runner.drivers.docker import capabilities, labels, layer_cache, network
from runner.drivers.docker.capabilities import HostFacts
from runner.drivers.docker.layer_cache import LayerCache
from runner.drivers.docker.node_proxy import NodeProxy
from runner.errors import HostError
from runner.nodes.driver_interface import ClusterId
from runner.nodes.topology import NodeSpec


@dataclass(frozen=True, slots=True)
class ClusterContainers:
    """Creates the containers of one cluster, which share these settings.

    Attributes:
        client: The host engine.
        cluster: The cluster.
        subnet: The subnet of the cluster's network.
        cache: The layer cache that nodes and mirror mount.
        node_names: The names of all nodes.
        proxy: The proxy through which nodes reach the Internet, if any.

    """

    client: docker.DockerClient
    cluster: ClusterId
    subnet: IPv4Network
    cache: LayerCache
    node_names: tuple[str, ...]
    proxy: NodeProxy | None

    def create_node_container(self, number: int, node: NodeSpec, images: Sequence[str], facts: HostFacts) -> str:
        """Create a node's volume and container, and return the container's id.

        Args:
            number: The node's position in the topology, which determines its address.
            node: The node.
            images: The images that the node engine has from the start.
            facts: What the host offers to nodes.

        """
        api = self.client.api
        address = self._get_node_address(number)
        name = labels.format_object_name(self.cluster, node.name)
        node_labels = {"node": node.name, "role": node.role.value, "number": str(number), "address": address}
        disk = api.create_volume(name, labels=labels.build_cluster_labels(self.cluster))["Name"]
        options = capabilities.build_node_host_options(facts)
        binds = [f"{disk}:/var/lib/docker", f"{self.cache.volume}:{layer_cache.MOUNT}:ro", *options.pop("binds", [])]
        container = api.create_container(
            self.cache.image_set.node_image,
            hostname=node.name,
            name=name,
            labels=labels.build_cluster_labels(self.cluster, **node_labels),
            environment={
                "LABS_MIRROR": str(self.subnet[network.MIRROR_HOST]),
                "LABS_NODE": node.name,
                "LABS_LAB": self.cluster.lab,
                "LABS_IMAGES": " ".join(images),
                "LABS_IPTABLES": facts.iptables_backend,
                **self._build_proxy_variables(),
            },
            host_config=capabilities.build_host_config(
                self.client,
                {
                    "network_mode": labels.format_object_name(self.cluster),
                    "binds": binds,
                    "extra_hosts": self.proxy.host_entry if self.proxy else {},
                    **options,
                },
            ),
            networking_config=network.build_networking_config(self.client, self.cluster, address, node.name),
        )
        return str(container["Id"])

    def _get_node_address(self, number: int) -> str:
        return str(self.subnet[network.FIRST_NODE_HOST + number])

    def _build_proxy_variables(self) -> dict[str, str]:
        if self.proxy is None:
            return {}
        addresses = [self._get_node_address(number) for number in range(len(self.node_names))]
        mirror = str(self.subnet[network.MIRROR_HOST])
        return self.proxy.build_variables(self.node_names, str(self.subnet), mirror, *addresses)

    def create_mirror_container(self) -> str:
        """Create the registry mirror's container, and return its id."""
        api = self.client.api
        address = str(self.subnet[network.MIRROR_HOST])
        container = api.create_container(
            self.cache.image_set.node_image,
            ["labs-mirror"],
            hostname="mirror",
            name=labels.format_object_name(self.cluster, "mirror"),
            labels=labels.build_cluster_labels(self.cluster, mirror="yes"),
            host_config=api.create_host_config(
                network_mode=labels.format_object_name(self.cluster),
                binds=[f"{self.cache.volume}:{layer_cache.MOUNT}:ro"],
                tmpfs={"/run": ""},
            ),
            networking_config=network.build_networking_config(self.client, self.cluster, address, "mirror"),
        )
        return str(container["Id"])


def require_mirror_container_id(client: docker.DockerClient, cluster: ClusterId) -> str:
    """Return the id of a registry mirror's container: the one that is not a node.

    Its name differs between versions of labs.

    Raises:
        HostError: It does not exist.

    """
    for container in client.api.containers(all=True, filters=labels.build_cluster_filter(cluster)):
        if labels.NODE not in container["Labels"]:
            return str(container["Id"])
    raise HostError(f"The registry mirror of '{cluster}' is missing.", f"Run 'labs reset {cluster.lab}'.")
