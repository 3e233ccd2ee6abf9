"""The HTTP proxy through which nodes reach the Internet, if the user has set `LABS_NODE_PROXY`.

Without it, nodes have no proxy: one in the environment or in the Docker configuration file is meant for this host, and
a node often cannot reach it.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from runner.errors import HostError, UsageError

VARIABLE = "LABS_NODE_PROXY"
_DEFAULT_PORTS = {"http": 80, "https": 443}
# A node reaches these without the proxy: itself, the other nodes, the registry mirror, and networks of containers.
_LOCAL = ("localhost", "127.0.0.0/8", "::1", "mirror", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")


@dataclass(frozen=True, slots=True)
class NodeProxy:
    """A proxy that nodes use.

    Attributes:
        url: Its address, as the user has typed it.
        host: The host name or address in it.
        address: The IPv4 address of the host.
        port: The TCP port.

    """

    url: str
    host: str
    address: str
    port: int

    @property
    def host_entry(self) -> dict[str, str]:
        """The entry that nodes need in `/etc/hosts`: while they are offline, they could not resolve the name."""
        return {} if self.host == self.address else {self.host: self.address}

    def build_variables(self, names: Iterable[str], *addresses: str) -> dict[str, str]:
        """Return environment variables for a node.

        Args:
            names: The names of all nodes.
            addresses: Addresses and subnets that nodes reach without the proxy. Some programs understand no subnets,
                so each node's own address must be among them.

        """
        exceptions = ",".join((*_LOCAL, *names, *addresses))
        variables = {"HTTP_PROXY": self.url, "HTTPS_PROXY": self.url, "NO_PROXY": exceptions}
        return variables | {name.lower(): value for name, value in variables.items()}


def find_node_proxy() -> NodeProxy | None:
    """Return the proxy that `LABS_NODE_PROXY` names, or None if it is not set.

    Raises:
        UsageError: Its value is not the address of a proxy that a node can reach.
        HostError: The host name in it cannot be resolved.

    """
    url = os.environ.get(VARIABLE, "").strip()
    if not url:
        return None
    try:
        parts = urlsplit(url)
        default_port = _DEFAULT_PORTS[parts.scheme]
        host, port = parts.hostname, parts.port or default_port
    except (ValueError, KeyError):
        host, port = None, 0
    if not host or any(character.isspace() for character in url):
        raise UsageError(f"{VARIABLE} is '{url}', which is not the address of a proxy.", "Use http://HOST:PORT.")
    try:
        address = str(socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_STREAM)[0][4][0])
    except (OSError, UnicodeError) as error:
        advice = "Use the IPv4 address of the proxy, or correct its name."
        raise HostError(f"The host '{host}' in {VARIABLE} has no IPv4 address: {error}.", advice) from error
    if (parsed := ipaddress.IPv4Address(address)).is_loopback or parsed.is_unspecified:
        raise UsageError(
            f"{VARIABLE} is '{url}': nodes cannot reach the loopback interface of this computer.",
            "Make the proxy listen on another address of this computer too, and use that address.",
        )
    return NodeProxy(url, host, address, port)
