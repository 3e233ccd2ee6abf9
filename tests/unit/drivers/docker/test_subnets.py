"""Tests of finding a free subnet for a cluster."""

from __future__ import annotations

import itertools
from ipaddress import IPv4Network

import pytest

from runner.drivers.docker import network, subnets
from runner.drivers.docker.routes import Route
from runner.drivers.docker.subnets import DEFAULT_POOLS, UsedNetwork
from runner.errors import HostError, UsageError

FIRST_POOL = DEFAULT_POOLS[:1]


def list_first_subnets(used: list[str], count: int) -> list[str]:
    """Return the first free subnets if these networks are used."""
    networks = [UsedNetwork(IPv4Network(subnet), "a network") for subnet in used]
    return [str(subnet) for subnet in itertools.islice(subnets.list_free_subnets(DEFAULT_POOLS, networks), count)]


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
    ],
)
def test_free_subnets(used: list[str], first: list[str]) -> None:
    """A subnet is free if it overlaps with no used one, whichever is larger."""
    assert first == list_first_subnets(used, 2)


@pytest.mark.parametrize(
    ("used", "first"),
    [
        (["10.213.0.0/16"], "10.21.0.0/24"),
        (["10.128.0.0/9"], "10.21.0.0/24"),
        (["10.0.0.0/8"], "172.16.0.0/24"),
        (["10.0.0.0/8", "172.16.0.0/24"], "172.16.1.0/24"),
        (["10.0.0.0/8", "172.16.0.0/12"], "192.168.128.0/24"),
        (["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"], "198.18.0.0/24"),
    ],
)
def test_other_pools(used: list[str], first: str) -> None:
    """If a network covers a pool, the subnet comes from the next pool that it does not cover."""
    assert [first] == list_first_subnets(used, 1)


def test_first_pool() -> None:
    """The preferred pool has subnets for 256 clusters, each with addresses for the registry mirror and nine nodes."""
    free = list(subnets.list_free_subnets(FIRST_POOL, []))
    assert (256, 256) == (len(free), len(set(free)))
    assert {"10.213.0.2", "10.213.0.11", "10.213.0.19"} == {
        str(free[0][host]) for host in (network.MIRROR_HOST, network.FIRST_NODE_HOST, network.FIRST_NODE_HOST + 8)
    }


@pytest.mark.parametrize(
    "text", ["10.99.0.0/16", " 10.99.7.0/24 ", "172.31.0.0/20", "192.168.0.0/16", "100.64.3.0/24", "10.0.0.0/8"]
)
def test_own_subnet(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `LABS_SUBNET`, subnets come from this network only."""
    monkeypatch.setenv("LABS_SUBNET", text)
    assert (IPv4Network(text.strip()),) == subnets.get_pools()


@pytest.mark.parametrize("text", ["", " "])
def test_empty_variable(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty `LABS_SUBNET` is the same as none."""
    monkeypatch.setenv("LABS_SUBNET", text)
    assert subnets.DEFAULT_POOLS == subnets.get_pools()


@pytest.mark.parametrize(
    ("text", "reason", "advice"),
    [
        ("banana", "which is not an IPv4 network.", "for example 10.99.0.0/16"),
        ("10.99.0.0/33", "which is not an IPv4 network.", "for example"),
        ("10.99.0.0/16,10.98.0.0/16", "which is not an IPv4 network.", "for example"),
        ("fd00::/64", "which is not an IPv4 network.", "for example"),
        ("10.99.3.7/24", "which is an address in 10.99.3.0/24, not a network.", "Set it to 10.99.3.0/24."),
        ("8.8.8.0/24", "which is not a private network", "for example"),
        ("127.0.0.0/16", "which is not a private network", "for example"),
        ("0.0.0.0/0", "which is not a private network", "for example"),
        ("10.0.0.0/7", "which is not a private network", "for example"),
        ("10.99.0.0/25", "which is too small: a lab needs a /24.", "for example"),
        ("10.99.0.1", "which is too small: a lab needs a /24.", "for example"),
    ],
)
def test_invalid_subnet(text: str, reason: str, advice: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `LABS_SUBNET` that cannot be used is a usage error that quotes it, says why, and shows one that can be used."""
    monkeypatch.setenv("LABS_SUBNET", text)
    with pytest.raises(UsageError) as caught:
        subnets.get_pools()
    assert caught.value.message.startswith(f"LABS_SUBNET is '{text}', {reason}")
    assert advice in caught.value.advice


def test_error_names_routes() -> None:
    """If routes cover all pools, the error names them, and not the networks inside them, and says what to set."""
    networks = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "198.18.0.0/15", "10.213.3.0/24")
    used = subnets.describe_routes([Route(IPv4Network(text), "tun0", "52") for text in networks])
    error = subnets.create_no_subnet_error(DEFAULT_POOLS, used)
    assert isinstance(error, HostError)
    assert "10.213.0.0/16 and 10.21.0.0/16 by the route '10.0.0.0/8 dev tun0 table 52'; " in error.message
    assert "192.168.128.0/17 by the route '192.168.0.0/16 dev tun0 table 52'" in error.message
    assert "10.213.3.0/24" not in error.message
    assert error.advice.startswith("Set LABS_SUBNET to a private network")
    assert "docker network prune" not in error.advice


def test_error_of_own_subnet(monkeypatch: pytest.MonkeyPatch) -> None:
    """If `LABS_SUBNET` is used up by Docker networks, the error names the first ones and how to remove unused ones."""
    monkeypatch.setenv("LABS_SUBNET", "10.99.0.0/22")
    used = [UsedNetwork(IPv4Network(f"10.99.{n}.0/24"), f"the Docker network 'net{n}'") for n in range(4)]
    error = subnets.create_no_subnet_error(subnets.get_pools(), used)
    assert (
        "LABS_SUBNET has no free subnet for the nodes: it is in use, 10.99.0.0/22 by the Docker network 'net0', "
        "the Docker network 'net1', the Docker network 'net2' and 1 more."
    ) == error.message
    assert "unset it" in error.advice
    assert "docker network prune" in error.advice
