"""The command lines of the processes that run in a sandbox: the VMs' kernels, and the registry mirror."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from runner.drivers.uml.vm import cgroups, cluster_state, cow_disk
from runner.drivers.uml.vm.cluster_state import ClusterState, VmSpec

_SCRIPT = Path(__file__).parent / "sandbox.sh"
# If root started the cluster, each kernel and each mirror runs as a user that no other process has, not even a shared
# account for unprivileged programs, so that limits per user apply to each of them separately.
_FIRST_USER_ID = 1_900_000_000
# What the kernel process needs in addition to the VM's memory: its stacks, and the page tables of the VM's processes.
_KERNEL_MEGABYTES = 64
_MIRROR_MEGABYTES = 512
_BASE_NAME = "disk.img"
_BASE_IN_SANDBOX = f"/shared/{_BASE_NAME}"
_NAMESPACES = ("--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child")
# Skip what takes a second of every boot and is not needed: measuring the fastest RAID 6 algorithm, calibrating the
# delay loop, and security modules, for which there are no rules.
_FAST_BOOT = ("quiet", "initcall_blacklist=raid6_select_algo", "lpj=29028352", "lsm=")


def build_vm_command(vm: VmSpec, cluster: ClusterState, folder: Path, network_card: int, resolver: str) -> list[str]:
    """Return the command that runs a VM's kernel in its sandbox, and create the VM's disk if it does not exist.

    Args:
        vm: The VM.
        cluster: Its cluster.
        folder: The cluster's folder.
        network_card: The file descriptor of its network card.
        resolver: The address of the name server for the Internet; empty if there is no uplink.

    """
    base = cluster.artifacts / _BASE_NAME
    if base.exists():
        cow_disk.create_cow_disk(writable_file_path(folder, vm.name), base, _BASE_IN_SANDBOX)
    parameters = [
        f"mem={vm.memory_mb}M",
        "root=/dev/ubda",
        "rw",
        "init=/usr/local/bin/labs-init",
        f"umid={vm.name}",
        "uml_dir=/dev/shm/",
        f"ubd0=/writable,{_BASE_IN_SANDBOX}" if base.exists() else "ubd0=/writable",
        f"vec0:transport=fd,fd={network_card},mac={vm.mac_address}",
        "con=null",
        "con0=null,fd:1",
        # If PID 1 exits, the kernel must exit too instead of hanging.
        "panic=-1",
        *_FAST_BOOT,
        f"labs_node={vm.name}",
        f"labs_lab={cluster.lab}",
        f"labs_address={vm.address}/{cluster_state.SUBNET.prefixlen}",
        f"labs_gateway={cluster_state.GATEWAY}",
        f"labs_mirror={cluster_state.MIRROR}",
        f"labs_hosts={cluster.hosts_parameter}",
        *([f"labs_resolver={resolver}"] if resolver else []),
    ]
    program = ["/usr/bin/env", "LD_PRELOAD=/usr/lib/uml/ptrace_shim.so", "/usr/bin/linux.uml", *parameters]
    shared = (_BASE_NAME,) if base.exists() else ()
    megabytes = vm.memory_mb + _KERNEL_MEGABYTES
    sandboxed = _build_sandbox_command(folder, vm.name, cluster.artifacts, shared, megabytes, program)
    return ["unshare", "--net", *_NAMESPACES, *sandboxed]


def build_mirror_command(cluster: ClusterState, folder: Path) -> list[str]:
    """Return the command that runs the registry mirror in its sandbox, in the supervisor's network namespace."""
    config = f"""version: 0.1
log: {{level: warn, accesslog: {{disabled: true}}}}
storage:
  filesystem: {{rootdirectory: /shared/registry}}
  maintenance: {{readonly: {{enabled: true}}}}
http:
  addr: {cluster_state.MIRROR}:443
  tls: {{certificate: /shared/tls/mirror.crt, key: /shared/tls/mirror.key}}
"""
    writable_file_path(folder, "mirror").write_text(config, "utf-8")
    program = ["/usr/bin/docker-registry", "serve", "/writable"]
    shared = ("registry", "tls")
    sandboxed = _build_sandbox_command(folder, "mirror", cluster.artifacts, shared, _MIRROR_MEGABYTES, program)
    return ["unshare", *_NAMESPACES, *sandboxed]


def writable_file_path(folder: Path, name: str) -> Path:
    """Return the only file that a sandboxed process can write to: a VM's disk, or the mirror's configuration."""
    return folder / f"{name}.writable"


def _build_sandbox_command(
    folder: Path, name: str, artifacts: Path, shared: Sequence[str], megabytes: int, program: Sequence[str]
) -> list[str]:
    root = folder / "sandboxes" / name
    root.mkdir(parents=True, exist_ok=True)
    writable = writable_file_path(folder, name)
    user = ""
    if os.environ.get("LABS_STARTED_BY_ROOT"):
        user_id = _FIRST_USER_ID + int.from_bytes(os.urandom(3))
        os.chown(writable, user_id, user_id)
        user = str(user_id)
    groups = "\n".join(map(str, cgroups.create_sandbox_cgroups(folder, name, megabytes)))
    arguments = [root, artifacts / "sandbox", artifacts, " ".join(shared), writable, megabytes, user, groups]
    return ["sh", str(_SCRIPT), *map(str, arguments), *program]
