"""The machines' network, inside a network namespace that the supervisor has to itself.

A bridge joins the machines. Each has one end of a virtual Ethernet pair on it; a raw packet socket on the other end is
handed to its kernel (UML's `vector` driver with the transport `fd`), so neither the kernel nor we need `/dev/net/tun`,
which ordinary users often may not open.
"""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import socket
import struct
import subprocess
from array import array
from collections.abc import Sequence
from pathlib import Path

from runner.drivers.uml.vm import cluster_state

_BRIDGE = "labs"
# From linux/sockios.h, linux/ethtool.h and linux/if_packet.h, for which Python has no names.
_SIOCETHTOOL = 0x8946
_OFFLOADS = {"transmit checksums": 0x17, "segmentation": 0x1F, "generic segmentation": 0x24}
_SOL_PACKET, _QDISC_BYPASS, _IGNORE_OUTGOING = 263, 20, 23
_ETH_P_ALL = 3
# A new namespace begins with some of the host's settings.
_SETTINGS = {
    # The hub, which has no rights, listens where HTTPS is expected.
    "ipv4/ip_unprivileged_port_start": "0",
    # Nothing leads elsewhere over the gateway, until there is a way out, nor to what is its own business.
    "ipv4/ip_forward": "0",
    "ipv4/conf/all/route_localnet": "0",
    "ipv4/conf/default/route_localnet": "0",
    # The machines have it among themselves; the gateway does not listen to it.
    "ipv6/conf/all/disable_ipv6": "1",
    "ipv6/conf/default/disable_ipv6": "1",
}
# Three machines that pull an image at once fill the default buffer faster than a busy kernel empties it.
_BUFFER_BYTES = 4 << 20


def make(count: int) -> list[socket.socket]:
    """Make the bridge, and the end of a wire for each machine.

    Args:
        count: How many machines.

    Returns:
        A packet socket for each; its descriptor is the machine's network card.

    """
    _set_up()
    prefix = cluster_state.SUBNET.prefixlen
    commands = ["link set lo up", f"link add {_BRIDGE} type bridge", f"link set {_BRIDGE} type bridge forward_delay 0"]
    commands += [
        f"address add {address}/{prefix} dev {_BRIDGE}" for address in (cluster_state.GATEWAY, cluster_state.HUB)
    ]
    commands.append(f"link set {_BRIDGE} up")
    for number in range(count):
        commands += [
            f"link add port{number} type veth peer name card{number}",
            f"link set port{number} master {_BRIDGE} up",
            f"link set card{number} up promisc on",
        ]
    _ip(commands)
    for device in [_BRIDGE, *(f"{end}{number}" for number in range(count) for end in ("port", "card"))]:
        _compute_in_software(device)
    return [_wire(f"card{number}") for number in range(count)]


def _set_up() -> None:
    for name, value in _SETTINGS.items():
        # There may be no IPv6.
        with contextlib.suppress(FileNotFoundError):
            Path("/proc/sys/net", name).write_text(value, "ascii")


def hang_up(address: str) -> None:
    """End all connections to a machine that is down; where the kernel cannot, their keep-alive does so later."""
    if shutil.which("ss"):
        subprocess.run(["ss", "--kill", "dst", address], capture_output=True, check=False)


def _ip(commands: Sequence[str]) -> None:
    subprocess.run(["ip", "-batch", "-"], input="\n".join(commands), text=True, check=True)


def _compute_in_software(device: str) -> None:
    """Let no checksum be left to a card's hardware: there is none, and a machine would drop what has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        for command in _OFFLOADS.values():
            value = array("I", [command, 0])
            request = struct.pack("16sP", device.encode(), value.buffer_info()[0])
            # A kernel that does not know one of them does not do it either.
            with contextlib.suppress(OSError):
                fcntl.ioctl(any_socket, _SIOCETHTOOL, request)


def _wire(device: str) -> socket.socket:
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    # Else the machine would hear itself.
    wire.setsockopt(_SOL_PACKET, _IGNORE_OUTGOING, 1)
    wire.setsockopt(_SOL_PACKET, _QDISC_BYPASS, 1)
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
    wire.bind((device, _ETH_P_ALL))
    return wire
