"""The VMs' network, in the supervisor's own network namespace.

A bridge connects the VMs. Each VM has one end of a virtual Ethernet pair on the bridge; its kernel gets a raw packet
socket on the other end (UML's `vector` driver with the transport `fd`). So neither the kernel nor the supervisor needs
`/dev/net/tun`, which ordinary users often may not open.
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
# Set explicitly, because a new namespace copies some of the host's settings.
_SETTINGS = {
    # The registry mirror listens on the HTTPS port without privileges.
    "ipv4/ip_unprivileged_port_start": "0",
    # The gateway forwards nothing until there is an uplink, and does not lead to its own loopback interface.
    "ipv4/ip_forward": "0",
    "ipv4/conf/all/route_localnet": "0",
    "ipv4/conf/default/route_localnet": "0",
    # VMs may use IPv6 among themselves, but the gateway does not take part in it.
    "ipv6/conf/all/disable_ipv6": "1",
    "ipv6/conf/default/disable_ipv6": "1",
}
# Three VMs that pull an image at once fill the default buffer faster than a busy kernel empties it.
_BUFFER_BYTES = 4 << 20


def create_bridge_and_cards(vm_count: int) -> list[socket.socket]:
    """Create the bridge, and a network card for each VM.

    Args:
        vm_count: The number of VMs.

    Returns:
        A packet socket for each VM; its file descriptor is the VM's network card.

    """
    _configure_namespace()
    prefix = cluster_state.SUBNET.prefixlen
    commands = ["link set lo up", f"link add {_BRIDGE} type bridge", f"link set {_BRIDGE} type bridge forward_delay 0"]
    commands += [
        f"address add {address}/{prefix} dev {_BRIDGE}" for address in (cluster_state.GATEWAY, cluster_state.MIRROR)
    ]
    commands.append(f"link set {_BRIDGE} up")
    for number in range(vm_count):
        commands += [
            f"link add port{number} type veth peer name card{number}",
            f"link set port{number} master {_BRIDGE} up",
            f"link set card{number} up promisc on",
        ]
    _run_ip_commands(commands)
    for device in [_BRIDGE, *(f"{end}{number}" for number in range(vm_count) for end in ("port", "card"))]:
        _disable_offloads(device)
    return [_open_packet_socket(f"card{number}") for number in range(vm_count)]


def _configure_namespace() -> None:
    for name, value in _SETTINGS.items():
        # The host may not support IPv6.
        with contextlib.suppress(FileNotFoundError):
            Path("/proc/sys/net", name).write_text(value, "ascii")


def close_connections_to_vm(address: str) -> None:
    """Close all connections to a VM that is down; without `ss`, TCP keep-alive closes them later."""
    if shutil.which("ss"):
        subprocess.run(["ss", "--kill", "dst", address], capture_output=True, check=False)


def _run_ip_commands(commands: Sequence[str]) -> None:
    subprocess.run(["ip", "-batch", "-"], input="\n".join(commands), text=True, check=True)


def _disable_offloads(device: str) -> None:
    """Compute checksums in software: there is no hardware to do it later, and a VM drops packets without a checksum."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        for command in _OFFLOADS.values():
            value = array("I", [command, 0])
            request = struct.pack("16sP", device.encode(), value.buffer_info()[0])
            # A kernel that does not know an offload does not use it either.
            with contextlib.suppress(OSError):
                fcntl.ioctl(any_socket, _SIOCETHTOOL, request)


def _open_packet_socket(device: str) -> socket.socket:
    packet_socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    # Otherwise the VM would receive its own packets.
    packet_socket.setsockopt(_SOL_PACKET, _IGNORE_OUTGOING, 1)
    packet_socket.setsockopt(_SOL_PACKET, _QDISC_BYPASS, 1)
    packet_socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
    packet_socket.bind((device, _ETH_P_ALL))
    return packet_socket
