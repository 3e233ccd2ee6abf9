"""The IPv4 routes of the host, including those that policy rules select, as VPN clients add them."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from runner import paths

_MAIN_TABLE = "main"
# A route of another type leads to an address of this host, or makes the kernel continue with the next table.
_LEADING_AWAY = ("unicast", "blackhole", "unreachable", "prohibit")
_BROADEST_PREFIX = 8
# Networks that no route of the Internet leads to: RFC 1918, RFC 6598 and RFC 2544.
PRIVATE_BLOCKS = tuple(
    map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "198.18.0.0/15"))
)


@dataclass(frozen=True, slots=True)
class Route:
    """A route to a network.

    Attributes:
        network: The network.
        device: The network device that leads there, or '' if packets are dropped.
        table: The routing table.

    """

    network: IPv4Network
    device: str = ""
    table: str = _MAIN_TABLE

    def __str__(self) -> str:
        """Describe the route in the words of `ip route`."""
        device = f" dev {self.device}" if self.device else ""
        table = f" table {self.table}" if self.table != _MAIN_TABLE else ""
        return f"{self.network}{device}{table}"

    @property
    def is_default(self) -> bool:
        """Whether it leads to the Internet, not to a private network.

        A VPN client may split the default route into two or more, such as 0.0.0.0/1 and 128.0.0.0/1. Their parts
        contain private networks, but a more specific route takes precedence over them.
        """
        contains_block = any(self.network != block and self.network.supernet_of(block) for block in PRIVATE_BLOCKS)
        return contains_block or self.network.prefixlen < _BROADEST_PREFIX


def list_routes() -> list[Route]:
    """Return the routes of this host to networks other than the Internet; none on a system other than Linux."""
    path = paths.program_search_path()
    program = shutil.which("ip", path=path)
    output = _run_ip(program, "route", "show", "table", "all") if program else None
    if output is not None:
        routes = list(parse_ip_routes(output))
        # A table that no rule selects is not used.
        if program and any(route.table != _MAIN_TABLE for route in routes):
            tables = {rule.get("table") for rule in _run_ip(program, "rule") or ()}
            routes = [route for route in routes if route.table == _MAIN_TABLE or route.table in tables]
    else:
        table = Path("/proc/net/route")
        routes = parse_route_table(table.read_text("ascii")) if table.exists() else []
    return [route for route in routes if not route.is_default]


def _run_ip(program: str, *words: str) -> list[dict[str, Any]] | None:
    """Return the output of an `ip` command; None if it fails, for example because it cannot write JSON."""
    result = subprocess.run([program, "-json", "-4", *words], capture_output=True, check=False)
    try:
        entries = json.loads(result.stdout) if result.returncode == 0 else None
    except ValueError:
        return None
    return entries if isinstance(entries, list) else None


def parse_ip_routes(entries: list[dict[str, Any]]) -> Iterator[Route]:
    """Yield the routes in the output of `ip -json -4 route show table all`."""
    for entry in entries:
        if entry.get("type", "unicast") in _LEADING_AWAY:
            destination = "0.0.0.0/0" if entry["dst"] == "default" else entry["dst"]
            yield Route(IPv4Network(destination), _find_device(entry), str(entry.get("table", _MAIN_TABLE)))


def _find_device(entry: Mapping[str, Any]) -> str:
    next_hops = [entry, *entry.get("nexthops", ())]
    return str(next((hop["dev"] for hop in next_hops if "dev" in hop), ""))


def parse_route_table(table: str) -> list[Route]:
    """Return the routes in the content of `/proc/net/route`, which has only those of the main table."""
    routes = []
    for line in table.splitlines()[1:]:
        fields = line.split()
        destination, mask = (int.from_bytes(bytes.fromhex(fields[index]), "little") for index in (1, 7))
        routes.append(Route(IPv4Network((destination, mask.bit_count())), fields[0].strip("*")))
    return routes
