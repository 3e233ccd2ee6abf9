"""The command lines of what runs in a jail: kernels, and the hub."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from runner.drivers.uml.vm import cgroups, cluster_state, cow_disk
from runner.drivers.uml.vm.cluster_state import Machine, Plan

_SCRIPT = Path(__file__).parent / "sandbox.sh"
# Where root has started them, each kernel and hub runs as a user that nobody else is, not even `nobody`: limits on what
# one user may have then tell them apart.
_FIRST_USER = 1_900_000_000
# Beside the machine's memory, the kernel's own: its stacks, and the page tables of the machine's processes.
_KERNEL_MEGABYTES = 64
_HUB_MEGABYTES = 512
_BASE_NAME = "disk.img"
_BASE = f"/shared/{_BASE_NAME}"
_NAMESPACES = ("--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child")
# What takes a second of every boot for nothing here: measuring the fastest RAID 6, measuring how long a loop takes,
# and security modules that have no rules.
_QUICK = ("quiet", "initcall_blacklist=raid6_select_algo", "lpj=29028352", "lsm=")


def kernel(machine: Machine, cluster: Plan, folder: Path, card: int, resolver: str) -> list[str]:
    """Return the command that runs a machine.

    Args:
        machine: Which.
        cluster: Its cluster.
        folder: The cluster's folder.
        card: The descriptor of its network card.
        resolver: The address of whoever answers names of the outside world; empty where there is no way out.

    """
    base = cluster.parts / _BASE_NAME
    if base.exists():
        cow_disk.make(own(folder, machine.name), base, _BASE)
    words = [
        f"mem={machine.memory}M",
        "root=/dev/ubda",
        "rw",
        "init=/usr/local/bin/labs-init",
        f"umid={machine.name}",
        "uml_dir=/dev/shm/",
        f"ubd0=/own,{_BASE}" if base.exists() else "ubd0=/own",
        f"vec0:transport=fd,fd={card},mac={machine.hardware_address}",
        "con=null",
        "con0=null,fd:1",
        # A first process that ends must not leave a kernel behind that does nothing.
        "panic=-1",
        *_QUICK,
        f"labs_node={machine.name}",
        f"labs_lab={cluster.lab}",
        f"labs_address={machine.address}/{cluster_state.SUBNET.prefixlen}",
        f"labs_gateway={cluster_state.GATEWAY}",
        f"labs_mirror={cluster_state.HUB}",
        f"labs_hosts={cluster.hosts}",
        *([f"labs_resolver={resolver}"] if resolver else []),
    ]
    preloaded = ["/usr/bin/env", "LD_PRELOAD=/usr/lib/uml/ptrace_shim.so", "/usr/bin/linux.uml", *words]
    shared = (_BASE_NAME,) if base.exists() else ()
    megabytes = machine.memory + _KERNEL_MEGABYTES
    jailed = _jailed(folder, machine.name, cluster.parts, shared, megabytes, preloaded)
    return ["unshare", "--net", *_NAMESPACES, *jailed]


def hub(cluster: Plan, folder: Path) -> list[str]:
    """Return the command that runs the hub, in the supervisor's network namespace."""
    config = f"""version: 0.1
log: {{level: warn, accesslog: {{disabled: true}}}}
storage:
  filesystem: {{rootdirectory: /shared/registry}}
  maintenance: {{readonly: {{enabled: true}}}}
http:
  addr: {cluster_state.HUB}:443
  tls: {{certificate: /shared/tls/mirror.crt, key: /shared/tls/mirror.key}}
"""
    own(folder, "hub").write_text(config, "utf-8")
    program = ["/usr/bin/docker-registry", "serve", "/own"]
    jailed = _jailed(folder, "hub", cluster.parts, ("registry", "tls"), _HUB_MEGABYTES, program)
    return ["unshare", *_NAMESPACES, *jailed]


def own(folder: Path, name: str) -> Path:
    """Return the one file that a jail may write to: a machine's disk, the hub's configuration."""
    return folder / f"{name}.own"


def _jailed(
    folder: Path, name: str, parts: Path, shared: Sequence[str], megabytes: int, program: Sequence[str]
) -> list[str]:
    root = folder / "jails" / name
    root.mkdir(parents=True, exist_ok=True)
    user = ""
    if os.environ.get("LABS_STARTED_BY_ROOT"):
        number = _FIRST_USER + int.from_bytes(os.urandom(3))
        os.chown(own(folder, name), number, number)
        user = str(number)
    joined = "\n".join(map(str, cgroups.make(folder, name, megabytes)))
    places = [root, parts / "jail", parts, " ".join(shared), own(folder, name)]
    return ["sh", str(_SCRIPT), *map(str, places), str(megabytes), user, joined, *program]
