"""Gives each cluster a network on a free subnet, with fixed addresses."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError
from docker.types import IPAMConfig, IPAMPool

from runner.drivers.docker import labels
from runner.errors import HostError
from runner.nodes.driver_interface import ClusterId

# Not 10.0.0.0/16, where a swarm creates its overlay networks, and not 172.16.0.0/12 or 192.168.0.0/16, which Docker
# engines and home routers use.
POOL = ipaddress.IPv4Network("10.213.0.0/16")
MIRROR_HOST = 2
FIRST_NODE_HOST = 11


def create_cluster_network(client: docker.DockerClient, cluster: ClusterId) -> ipaddress.IPv4Network:
    """Create the cluster's network on the first free subnet, and return that subnet.

    Raises:
        HostError: All 256 subnets are in use.

    """
    for subnet in list_free_subnets(_list_used_subnets(client)):
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
    raise HostError(
        f"Every subnet of {POOL} is in use, so no network can be created for the nodes.",
        "List networks with 'docker network ls'; remove the unused ones with 'docker network prune'.",
    )


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


def list_free_subnets(used: Iterable[ipaddress.IPv4Network]) -> Iterator[ipaddress.IPv4Network]:
    """Yield the subnets of the pool that overlap with none of the used ones."""
    used_subnets = list(used)
    return (
        subnet for subnet in POOL.subnets(new_prefix=24) if not any(subnet.overlaps(other) for other in used_subnets)
    )


def parse_route_table(table: str) -> list[ipaddress.IPv4Network]:
    """Return the networks in the content of `/proc/net/route`, without the default route."""
    networks = []
    for line in table.splitlines()[1:]:
        fields = line.split()
        destination, mask = (int.from_bytes(bytes.fromhex(fields[index]), "little") for index in (1, 7))
        if destination:
            networks.append(ipaddress.IPv4Network((destination, mask.bit_count())))
    return networks


def _list_used_subnets(client: docker.DockerClient) -> list[ipaddress.IPv4Network]:
    configs = [config for network in client.api.networks() for config in (network["IPAM"].get("Config") or [])]
    subnets = [ipaddress.ip_network(config["Subnet"], strict=False) for config in configs if config.get("Subnet")]
    table = Path("/proc/net/route")
    routes = parse_route_table(table.read_text("ascii")) if table.exists() else []
    return [subnet for subnet in subnets if isinstance(subnet, ipaddress.IPv4Network)] + routes
