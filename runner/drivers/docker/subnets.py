"""Finds a free subnet for a cluster: in `LABS_SUBNET` if the user has set it, else in one of some private networks."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from runner.drivers.docker.routes import PRIVATE_BLOCKS, Route
from runner.errors import HostError, UsageError

VARIABLE = "LABS_SUBNET"
# The first is preferred. The others are for hosts on which a VPN's routes cover it: a network in the other half of
# 10.0.0.0/8, one in each of the other private blocks, and one that is reserved for benchmarks. Not 10.0.0.0/16, where a
# swarm creates its overlay networks, and not the parts of 172.16.0.0/12 and 192.168.0.0/16 that Docker engines and home
# routers use.
DEFAULT_POOLS = tuple(
    map(IPv4Network, ("10.213.0.0/16", "10.21.0.0/16", "172.16.0.0/16", "192.168.128.0/17", "198.18.0.0/16"))
)
SUBNET_PREFIX = 24
REMOVAL_ADVICE = "Or remove unused networks: 'docker network prune'."
_EXAMPLE = "for example 10.99.0.0/16"


@dataclass(frozen=True, slots=True)
class UsedNetwork:
    """A network whose addresses are in use.

    Attributes:
        network: The network.
        user: What uses it, as in "the Docker network 'bridge'".

    """

    network: IPv4Network
    user: str


def get_pools() -> tuple[IPv4Network, ...]:
    """Return the networks that clusters' subnets come from, the preferred one first.

    Raises:
        UsageError: `LABS_SUBNET` is not a private IPv4 network of a suitable size.

    """
    text = os.environ.get(VARIABLE, "").strip()
    return (_parse_pool(text),) if text else DEFAULT_POOLS


def _parse_pool(text: str) -> IPv4Network:
    advice = f"Set it to a private network that is not in use, {_EXAMPLE}, or unset it."
    try:
        pool = IPv4Network(text, strict=False)
    except ValueError:
        raise UsageError(f"{VARIABLE} is '{text}', which is not an IPv4 network.", advice) from None
    if pool.network_address != IPv4Address(text.partition("/")[0]):
        raise UsageError(f"{VARIABLE} is '{text}', which is an address in {pool}, not a network.", f"Set it to {pool}.")
    if not any(pool.subnet_of(block) for block in PRIVATE_BLOCKS):
        blocks = ", ".join(map(str, PRIVATE_BLOCKS))
        raise UsageError(f"{VARIABLE} is '{text}', which is not a private network: it is in none of {blocks}.", advice)
    if pool.prefixlen > SUBNET_PREFIX:
        raise UsageError(f"{VARIABLE} is '{text}', which is too small: a lab needs a /{SUBNET_PREFIX}.", advice)
    return pool


def describe_routes(routes: Sequence[Route]) -> list[UsedNetwork]:
    """Return the networks that routes lead to."""
    return [UsedNetwork(route.network, f"the route '{route}'") for route in routes]


def list_free_subnets(pools: Sequence[IPv4Network], used: Sequence[UsedNetwork]) -> Iterator[IPv4Network]:
    """Yield the subnets of the pools that overlap with no used network."""
    for pool in pools:
        overlapping = [other.network for other in used if other.network.overlaps(pool)]
        if any(pool.subnet_of(network) for network in overlapping):
            continue
        for subnet in pool.subnets(new_prefix=SUBNET_PREFIX):
            if not any(subnet.overlaps(network) for network in overlapping):
                yield subnet


def create_no_subnet_error(pools: Sequence[IPv4Network], used: Sequence[UsedNetwork]) -> HostError:
    """Return the error for pools without a free subnet: it names what uses each of them."""
    pools_by_users: dict[tuple[str, ...], list[str]] = {}
    for pool in pools:
        pools_by_users.setdefault(_list_users(pool, used), []).append(str(pool))
    conflicts = "; ".join(f"{' and '.join(names)} by {_join_users(users)}" for users, names in pools_by_users.items())
    has_docker_networks = any("Docker network" in user for users in pools_by_users for user in users)
    removal = f" {REMOVAL_ADVICE}" if has_docker_networks else ""
    listing = "'ip route show table all' lists the routes."
    if os.environ.get(VARIABLE):
        message = f"{VARIABLE} has no free subnet for the nodes: it is in use, {conflicts}."
        return HostError(message, f"Set it to another private network, or unset it; {listing}{removal}")
    return HostError(
        f"No subnet is free for the nodes: these networks are in use, {conflicts}.",
        f"Set {VARIABLE} to a private network that no route leads to; {listing}{removal}",
    )


def _list_users(pool: IPv4Network, used: Sequence[UsedNetwork]) -> tuple[str, ...]:
    """Return what uses a pool: only what covers all of it, if there is such a thing."""
    overlapping = [other for other in used if other.network.overlaps(pool)]
    covering = [other for other in overlapping if pool.subnet_of(other.network)]
    return tuple(dict.fromkeys(other.user for other in covering[:1] or overlapping))


def _join_users(names: Sequence[str]) -> str:
    shown = 3
    if not names:
        return "networks of the engine's host"
    if len(names) > shown:
        return f"{', '.join(names[:shown])} and {len(names) - shown} more"
    return " and ".join(names)
