"""The machines' way out to a real network, where slirp4netns is installed and may be used.

It runs outside the supervisor's namespaces and carries, as ordinary connections of this user, what machines send beyond
their own network. It ends with the supervisor, which holds the other end of a pipe that it watches. Without it machines
reach each other and the hub, which is all that a lab needs.

It leads to the Internet, and neither to this machine itself nor to its neighbours. Whatever a machine sends, a program
outside the walls reads; so that one runs in a sandbox of its own, without rights.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from runner import paths

# Fixed in slirp4netns: its own network, and who answers names on it.
RESOLVER = "10.0.2.3"
DEVICE = "outward"
_WALLS = ("--disable-host-loopback", "--enable-sandbox", "--enable-seccomp")
# What is not the Internet: private, link-local (where clouds tell secrets), shared, loopback, multicast and reserved.
_NEAR = (
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"),
    *("192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/3"),
)


def possible() -> bool:
    """Whether there is a way out: the program, the device it needs, and something that can rewrite addresses."""
    return bool(
        all(shutil.which(tool, path=paths.programs()) for tool in ("slirp4netns", "iptables"))
        and os.access("/dev/net/tun", os.R_OK | os.W_OK)
    )


def open_for(process: int, held: int) -> bool:
    """Give a supervisor's network namespace a way out.

    Args:
        process: The supervisor.
        held: Our end of a pipe whose other end the supervisor holds; the way is closed with it.

    Returns:
        Whether it stands.

    """
    ready, told = os.pipe()
    rights = [] if os.geteuid() == 0 else [f"--userns-path=/proc/{process}/ns/user"]
    argv = [*_aside(), "slirp4netns", "--configure", "--mtu=1500", *_WALLS, *rights]
    try:
        subprocess.Popen(
            [*argv, f"--exit-fd={held}", f"--ready-fd={told}", str(process), DEVICE],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[held, told],
            start_new_session=True,
        )
    finally:
        os.close(told)
    # Where it cannot, it ends, and with it the last who could write.
    with os.fdopen(ready, "rb") as pipe:
        return bool(pipe.read(1))


def _aside() -> list[str]:
    """Return what keeps the program's sandbox from taking this machine's mounts down.

    It leaves its old root without having made all that lies below it private first: started by root, it would unmount
    the root file system of every container of an engine whose folder is a shared mount.
    """
    return ["unshare", "--mount", "--propagation", "private"] if os.geteuid() == 0 else []


def own_addresses() -> list[str]:
    """Return this machine's addresses, wherever they lie."""
    done = subprocess.run(["ip", "-json", "-4", "address"], capture_output=True, check=True)
    return [address["local"] for device in json.loads(done.stdout) for address in device["addr_info"]]


def use(forbidden: Iterable[str]) -> None:
    """Let the machines' packets leave by the way out, as if the supervisor had sent them; in its namespace.

    Args:
        forbidden: Addresses that it must not lead to, beside all that are near.

    """
    # Every port of the resolver's leads to the host's own resolver, which may well be the host itself.
    names = [f"-p {protocol} -d {RESOLVER} --dport 53 -j ACCEPT" for protocol in ("udp", "tcp")]
    near = [f"-d {address} -j REJECT" for address in (*_NEAR, *forbidden)]
    rules = [f"-A FORWARD -o {DEVICE} {rule}" for rule in names + near]
    nat = f"*nat\n-A POSTROUTING -o {DEVICE} -j MASQUERADE\nCOMMIT\n"
    given = "\n".join(["*filter", *rules, "COMMIT", nat])
    subprocess.run(["iptables-restore", "--wait"], input=given, text=True, check=True, capture_output=True)
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1", "ascii")
