"""The uplink: the VMs' connection to the Internet, if slirp4netns is installed and can be used.

slirp4netns runs outside the supervisor's namespaces. It forwards the VMs' traffic to other networks, as ordinary
connections of this user. It exits with the supervisor, because it watches a pipe whose other end the supervisor holds.
Without an uplink VMs reach each other and the registry mirror, which is all that a lab needs.

The uplink leads to the Internet, but neither to this host nor to its local network. slirp4netns runs outside the VMs'
sandboxes and parses untrusted data from the VMs, so it runs in its own sandbox without privileges.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from runner import paths

# Fixed in slirp4netns: the address of the name server in its network.
RESOLVER = "10.0.2.3"
DEVICE = "uplink"
_SANDBOX_OPTIONS = ("--disable-host-loopback", "--enable-sandbox", "--enable-seccomp")
# Networks that are not the Internet: private, link-local (where clouds serve credentials), shared, loopback, multicast
# and reserved.
_NOT_INTERNET = (
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"),
    *("192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/3"),
)


def is_uplink_available() -> bool:
    """Return whether this host has slirp4netns, the device it needs, and iptables to translate addresses."""
    return bool(
        all(shutil.which(tool, path=paths.program_search_path()) for tool in ("slirp4netns", "iptables"))
        and os.access("/dev/net/tun", os.R_OK | os.W_OK)
    )


def start_uplink(process: int, exit_descriptor: int) -> bool:
    """Start slirp4netns for a supervisor's network namespace.

    Args:
        process: The supervisor's process id.
        exit_descriptor: One end of a pipe whose other end the supervisor holds; slirp4netns exits when that is closed.

    Returns:
        Whether it is ready.

    """
    ready, ready_writer = os.pipe()
    user_namespace = [] if os.geteuid() == 0 else [f"--userns-path=/proc/{process}/ns/user"]
    command = [*_isolate_mounts(), "slirp4netns", "--configure", "--mtu=1500", *_SANDBOX_OPTIONS, *user_namespace]
    try:
        subprocess.Popen(
            [*command, f"--exit-fd={exit_descriptor}", f"--ready-fd={ready_writer}", str(process), DEVICE],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[exit_descriptor, ready_writer],
            start_new_session=True,
        )
    finally:
        os.close(ready_writer)
    # If it fails, it exits and closes the last writing end, so this read returns nothing.
    with os.fdopen(ready, "rb") as pipe:
        return bool(pipe.read(1))


def _isolate_mounts() -> list[str]:
    """Return a command prefix that protects this host's mounts from slirp4netns's own sandbox.

    It unmounts its old root without first making everything below it private. Started by root, it would unmount the
    root file system of every container of an engine whose data folder is a shared mount.
    """
    return ["unshare", "--mount", "--propagation", "private"] if os.geteuid() == 0 else []


def list_host_addresses() -> list[str]:
    """Return this host's IPv4 addresses, on all its devices."""
    result = subprocess.run(["ip", "-json", "-4", "address"], capture_output=True, check=True)
    return [address["local"] for device in json.loads(result.stdout) for address in device["addr_info"]]


def route_vms_through_uplink(forbidden: Iterable[str]) -> None:
    """Forward the VMs' packets to the uplink as if the supervisor had sent them; call this in its namespace.

    Args:
        forbidden: Addresses that must not be reachable, in addition to all networks that are not the Internet.

    """
    # slirp4netns forwards every port of the resolver to the host's own resolver, which may be the host itself. So only
    # the DNS port is allowed.
    dns_rules = [f"-p {protocol} -d {RESOLVER} --dport 53 -j ACCEPT" for protocol in ("udp", "tcp")]
    reject_rules = [f"-d {address} -j REJECT" for address in (*_NOT_INTERNET, *forbidden)]
    rules = [f"-A FORWARD -o {DEVICE} {rule}" for rule in dns_rules + reject_rules]
    nat = f"*nat\n-A POSTROUTING -o {DEVICE} -j MASQUERADE\nCOMMIT\n"
    restore_input = "\n".join(["*filter", *rules, "COMMIT", nat])
    subprocess.run(["iptables-restore", "--wait"], input=restore_input, text=True, check=True, capture_output=True)
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1", "ascii")
