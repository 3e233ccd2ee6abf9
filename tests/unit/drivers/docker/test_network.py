"""Tests of finding a free subnet."""

from __future__ import annotations

import itertools
from ipaddress import IPv4Network

import pytest

from runner.drivers.docker import network

HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
DEFAULT = "eth0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
LOCAL = "eth0\t0000D50A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
HOST = "tun0\t0501D50A\t00000000\t0005\t0\t0\t0\tFFFFFFFF\t0\t0\t0\n"


@pytest.mark.parametrize(
    ("used", "first"),
    [
        ([], ["10.213.0.0/24", "10.213.1.0/24"]),
        (["10.213.0.0/24"], ["10.213.1.0/24", "10.213.2.0/24"]),
        (["10.213.1.0/24"], ["10.213.0.0/24", "10.213.2.0/24"]),
        (["10.213.0.128/25"], ["10.213.1.0/24", "10.213.2.0/24"]),
        (["10.213.0.7/32"], ["10.213.1.0/24", "10.213.2.0/24"]),
        (["10.213.0.0/17"], ["10.213.128.0/24", "10.213.129.0/24"]),
        (["172.17.0.0/16", "192.168.0.0/16"], ["10.213.0.0/24", "10.213.1.0/24"]),
        (["10.0.0.0/8"], []),
    ],
)
def test_free_subnets(used: list[str], first: list[str]) -> None:
    """A subnet is free if it overlaps with no used one, whichever is larger."""
    subnets = network.list_free_subnets(IPv4Network(subnet) for subnet in used)
    assert first == [str(subnet) for subnet in itertools.islice(subnets, 2)]


def test_all_free() -> None:
    """There are subnets for 256 clusters, each with addresses for the registry mirror and nine nodes."""
    subnets = list(network.list_free_subnets([]))
    assert (256, 256) == (len(subnets), len(set(subnets)))
    assert {"10.213.0.2", "10.213.0.11", "10.213.0.19"} == {
        str(subnets[0][host]) for host in (network.MIRROR_HOST, network.FIRST_NODE_HOST, network.FIRST_NODE_HOST + 8)
    }


@pytest.mark.parametrize(
    ("table", "routes"),
    [
        ("", []),
        (HEAD, []),
        (HEAD + DEFAULT, []),
        (HEAD + DEFAULT + LOCAL + HOST, ["10.213.0.0/24", "10.213.1.5/32"]),
    ],
    ids=["empty", "no routes", "only the default route", "several routes"],
)
def test_routes(table: str, routes: list[str]) -> None:
    """Routes are parsed from the kernel's table, without the default route."""
    assert routes == [str(route) for route in network.parse_route_table(table)]
