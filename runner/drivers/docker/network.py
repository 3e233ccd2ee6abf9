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

# Away from 10.0.0.0/16, where a swarm makes its overlay networks, and from 172.16.0.0/12 and 192.168.0.0/16, where
# engines and home routers make theirs.
POOL = ipaddress.IPv4Network("10.213.0.0/16")
MIRROR_HOST = 2
FIRST_NODE_HOST = 11


def create_network(client: docker.DockerClient, cluster: ClusterId) -> ipaddress.IPv4Network:
    """Make the cluster's network on the first free subnet.

    Raises:
        HostError: All 256 are taken.

    """
    for subnet in list_free_subnets(_taken(client)):
        # Whatever else joins the network gets an address of the upper half, never one that a halted node comes back to.
        _, upper = subnet.subnets()
        pool = IPAMPool(subnet=str(subnet), iprange=str(upper), gateway=str(subnet[1]))
        try:
            client.api.create_network(
                labels.format_name(cluster),
                driver="bridge",
                ipam=IPAMConfig(pool_configs=[pool]),
                labels=labels.build_labels(cluster),
            )
        except APIError as error:
            # Another start, or an interface that no list shows, was quicker.
            if "overlap" in str(error) or "conflicts with" in str(error):
                continue
            raise
        return subnet
    raise HostError(
        f"Every subnet of {POOL} is taken, so there is no network for the nodes.",
        "'docker network ls' shows which networks exist; 'docker network prune' removes the unused ones.",
    )


def build_endpoint_config(client: docker.DockerClient, cluster: ClusterId, address: str, alias: str) -> Any:
    """Return the SDK's networking configuration for a container with a fixed address and a name on the network."""
    own = client.api.create_endpoint_config(ipv4_address=address, aliases=[alias])
    return client.api.create_networking_config({labels.format_name(cluster): own})


def list_free_subnets(taken: Iterable[ipaddress.IPv4Network]) -> Iterator[ipaddress.IPv4Network]:
    """Yield the subnets of the pool that overlap with none of `taken`."""
    used = list(taken)
    return (subnet for subnet in POOL.subnets(new_prefix=24) if not any(subnet.overlaps(other) for other in used))


def parse_routes(table: str) -> list[ipaddress.IPv4Network]:
    """Return the networks in a `/proc/net/route`, the default route left out."""
    found = []
    for line in table.splitlines()[1:]:
        fields = line.split()
        destination, mask = (int.from_bytes(bytes.fromhex(fields[index]), "little") for index in (1, 7))
        if destination:
            found.append(ipaddress.IPv4Network((destination, mask.bit_count())))
    return found


def _taken(client: docker.DockerClient) -> list[ipaddress.IPv4Network]:
    configs = [config for network in client.api.networks() for config in (network["IPAM"].get("Config") or [])]
    subnets = [ipaddress.ip_network(config["Subnet"], strict=False) for config in configs if config.get("Subnet")]
    local = Path("/proc/net/route")
    here = parse_routes(local.read_text("ascii")) if local.exists() else []
    return [subnet for subnet in subnets if isinstance(subnet, ipaddress.IPv4Network)] + here
