"""Tests of listing this host's routes, those of the last tests in a network namespace with real routes."""

from __future__ import annotations

import os
import subprocess
import sys
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from runner.drivers.docker import routes
from runner.drivers.docker.routes import Route
from tests.support.helpers import CHECKOUT

HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
DEFAULT = "eth0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
LOCAL = "eth0\t0000D50A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
HOST = "tun0\t0501D50A\t00000000\t0005\t0\t0\t0\tFFFFFFFF\t0\t0\t0\n"
DROPPED = "*\t0000A8C0\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"

_LIST = "from runner.drivers.docker import routes; print(*routes.list_routes(), sep='\\n')"


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("", []),
        (HEAD, []),
        (HEAD + DEFAULT, ["0.0.0.0/0 dev eth0"]),
        (HEAD + LOCAL + HOST, ["10.213.0.0/24 dev eth0", "10.213.1.5/32 dev tun0"]),
        (HEAD + DROPPED, ["192.168.0.0/16"]),
    ],
    ids=["empty", "no routes", "the default route", "several routes", "no device"],
)
def test_route_table(table: str, expected: list[str]) -> None:
    """The kernel's own table is parsed, for hosts without the command `ip`."""
    assert expected == [str(route) for route in routes.parse_route_table(table)]


@pytest.mark.parametrize(
    ("network", "is_default"),
    [
        ("0.0.0.0/0", True),
        ("0.0.0.0/1", True),
        ("128.0.0.0/1", True),
        ("8.0.0.0/5", True),
        ("172.0.0.0/8", True),
        ("192.128.0.0/9", True),
        ("10.0.0.0/8", False),
        ("172.16.0.0/12", False),
        ("192.168.0.0/16", False),
        ("192.168.1.0/24", False),
        ("10.213.0.0/24", False),
        ("203.0.113.0/24", False),
    ],
)
def test_default_routes(network: str, is_default: bool) -> None:
    """A route that is wider than a block of private networks is a part of a default route."""
    assert is_default == Route(IPv4Network(network)).is_default


def list_routes_in_namespace(*commands: str, search_path: str = os.environ["PATH"]) -> list[str]:
    """Return what `list_routes` returns in a network namespace that has only these routes and rules.

    Args:
        commands: Arguments of `ip`.
        search_path: PATH for `list_routes`.

    """
    lines = ["ip link set lo up", *(f"ip {command}" for command in commands), 'PATH=$2 exec "$0" -c "$1"']
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    argv = ["unshare", "--net", *user, "sh", "-ec", "\n".join(lines), sys.executable, _LIST, search_path]
    result = subprocess.run(argv, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    if result.stderr.startswith("unshare:"):
        pytest.skip(f"no network namespaces: {result.stderr}")
    assert result.returncode == 0, result.stderr
    return [line for line in result.stdout.splitlines() if line]


def test_no_routes() -> None:
    """A host without any route has none that conflicts with a subnet."""
    assert [] == list_routes_in_namespace()


def test_vpn_routes() -> None:
    """Routes to private networks are listed, even if they drop packets, and both halves of a default route are not."""
    listed = list_routes_in_namespace(
        "route add 10.0.0.0/8 dev lo",
        "route add 0.0.0.0/1 dev lo",
        "route add 128.0.0.0/1 dev lo",
        "route add default dev lo",
        "route add unreachable 192.168.0.0/16",
        "route add throw 172.16.0.0/12",
    )
    assert {"10.0.0.0/8 dev lo", "192.168.0.0/16"} == set(listed)


def test_policy_routing() -> None:
    """Routes of a table that a rule selects are listed with their table; those of an unused table are not."""
    listed = list_routes_in_namespace(
        "route add 172.16.0.0/12 dev lo table 52",
        "route add default dev lo table 52",
        "rule add pref 5270 lookup 52",
        "route add 192.168.0.0/16 dev lo table 77",
    )
    assert ["172.16.0.0/12 dev lo table 52"] == listed


@pytest.mark.parametrize("program", ["exit 1", "echo usage: ip"], ids=["fails", "writes no JSON"])
def test_other_ip_command(program: str, tmp_path: Path) -> None:
    """If the command `ip` cannot write JSON, as on a small system, the kernel's main table is read."""
    script = tmp_path / "ip"
    script.write_text(f"#!/bin/sh\n{program}\n")
    script.chmod(0o755)
    listed = list_routes_in_namespace("route add 10.128.0.0/9 dev lo", search_path=f"{tmp_path}:{os.environ['PATH']}")
    assert ["10.128.0.0/9 dev lo"] == listed
