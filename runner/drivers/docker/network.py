"""Gives each cluster a network on a free subnet, with fixed addresses."""

from __future__ import annotations

import ipaddress
from typing import Any

import docker
from docker.errors import APIError
from docker.types import IPAMConfig, IPAMPool

from runner.drivers.docker import labels, routes, subnets
from runner.drivers.docker.subnets import UsedNetwork
from runner.nodes.driver_interface import ClusterId

MIRROR_HOST = 2
FIRST_NODE_HOST = 11


def create_cluster_network(client: docker.DockerClient, cluster: ClusterId) -> ipaddress.IPv4Network:
    """Create the cluster's network on the first free subnet, and return that subnet.

    Raises:
        UsageError: `LABS_SUBNET` is not a suitable network.
        HostError: No subnet is free.

    """
    pools, used = subnets.get_pools(), _list_used_networks(client)
    for subnet in subnets.list_free_subnets(pools, used):
        # Other containers on the network get addresses of the upper half, so never the address of a stopped node.
        _, upper_half = subnet.subnets()
        pool = IPAMPool(subnet=str(subnet), iprange=str(upper_half), gateway=str(subnet[1]))
        try:
            client.api.create_network(
                labels.format_object_name(cluster),
                driver="bridge",
                ipam=IPAMConfig(pool_configs=[pool]),
                labels=labels.build_cluster_labels(cluster),
            )
        except APIError as error:
            # Another start has just taken this subnet, or an interface that is not listed has it.
            if "overlap" in str(error) or "conflicts with" in str(error):
                continue
            raise
        return subnet
    raise subnets.create_no_subnet_error(pools, used)


def find_free_subnet(client: docker.DockerClient) -> ipaddress.IPv4Network:
    """Return the subnet that the next cluster gets, unless the engine refuses it.

    Raises:
        UsageError: `LABS_SUBNET` is not a suitable network.
        HostError: No subnet is free.

    """
    pools, used = subnets.get_pools(), _list_used_networks(client)
    subnet = next(subnets.list_free_subnets(pools, used), None)
    if subnet is None:
        raise subnets.create_no_subnet_error(pools, used)
    return subnet


def build_networking_config(client: docker.DockerClient, cluster: ClusterId, address: str, alias: str) -> Any:
    """Return the SDK's networking configuration of a container.

    Args:
        client: The host engine.
        cluster: The cluster, whose network the container joins.
        address: The container's fixed IPv4 address.
        alias: The container's name on the network.

    """
    config = client.api.create_endpoint_config(ipv4_address=address, aliases=[alias])
    return client.api.create_networking_config({labels.format_object_name(cluster): config})


def _list_used_networks(client: docker.DockerClient) -> list[UsedNetwork]:
    entries = [
        (ipaddress.ip_network(config["Subnet"], strict=False), network["Name"])
        for network in client.api.networks()
        for config in (network["IPAM"].get("Config") or [])
        if config.get("Subnet")
    ]
    docker_networks = [
        UsedNetwork(subnet, f"the Docker network '{name}'")
        for subnet, name in entries
        if isinstance(subnet, ipaddress.IPv4Network)
    ]
    return [*docker_networks, *subnets.describe_routes(routes.list_routes())]
