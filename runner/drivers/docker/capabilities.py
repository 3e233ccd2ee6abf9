"""What the host engine and its kernel offer to nodes: probed once with real containers, then cached."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import docker
from docker.errors import APIError, NotFound

from runner import __version__, paths, signals
from runner.drivers.docker import host_engine, labels
from runner.nodes.driver_interface import ClusterId
from runner.storage import atomic, codec

# The capabilities of Linux in the order of their bits, from linux/capability.h.
CAPABILITIES = """
    CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE
    NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT
    SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP
    MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE
""".split()  # noqa: SIM905 - forty lines of one word each would read worse
MODULES = "/lib/modules"
# Probes have a cluster's labels, so that leftovers are removed like those of a cluster.
PROBE_CLUSTER = ClusterId("host", "probe")


@dataclass(frozen=True, slots=True)
class HostFacts:
    """What this host offers to nodes.

    Attributes:
        has_privileged_mode: Whether `--privileged` works.
        missing_capabilities: The capabilities that the engine itself does not have, so that no container can get them.
        has_modules: Whether the host has a folder of kernel modules that nodes can mount.
        cgroup_version: The version of the control groups, 1 or 2.
        iptables_backend: The backend that works in a node: 'nft', 'legacy' or 'none'.
        has_ipvs: Whether virtual IPs and the routing mesh work.
        has_vxlan: Whether overlay networks work across nodes.

    """

    has_privileged_mode: bool
    missing_capabilities: tuple[str, ...]
    has_modules: bool
    cgroup_version: int
    iptables_backend: str
    has_ipvs: bool
    has_vxlan: bool

    def has_kernel_feature(self, name: str) -> bool:
        """Return whether the kernel has a feature that a lab's front matter names."""
        return {"ipvs": self.has_ipvs, "vxlan": self.has_vxlan}[name]


def build_node_host_options(facts: HostFacts) -> dict[str, Any]:
    """Return the host configuration that lets a container run its own engine.

    Args:
        facts: What the host offers to nodes.

    Returns:
        Arguments for `build_host_config`.

    """
    options: dict[str, Any] = {
        "tmpfs": {"/run": "exec,mode=755", "/tmp": "exec,mode=1777"},  # noqa: S108 - inside the node
        "security_opt": ["seccomp=unconfined", "apparmor=unconfined", "label=disable"],
    }
    if facts.has_privileged_mode:
        options["privileged"] = True
    else:
        options["cap_add"] = ["ALL"]
        options["cap_drop"] = list(facts.missing_capabilities)
        options["system_paths"] = "unconfined"
        options["device_cgroup_rules"] = ["a *:* rwm"]
    if facts.has_modules:
        options["binds"] = [f"{MODULES}:{MODULES}:ro"]
    if facts.cgroup_version == 2:
        options["cgroupns"] = "private"
    return options


def build_host_config(client: docker.DockerClient, options: dict[str, Any]) -> dict[str, Any]:
    """Return the engine's `HostConfig`.

    Args:
        client: The host engine.
        options: Arguments for the SDK's `create_host_config`, and `system_paths`, which the SDK does not have. Like the
            Docker CLI with `--security-opt systempaths=unconfined`, this sends two empty lists for it.

    """
    arguments = dict(options)
    is_unconfined = arguments.pop("system_paths", "") == "unconfined"
    config: dict[str, Any] = client.api.create_host_config(**arguments)
    if is_unconfined:
        config |= {"MaskedPaths": [], "ReadonlyPaths": []}
    return config


def parse_missing_capabilities(bounding: str, last: int) -> tuple[str, ...]:
    """Return the capabilities that are not in a bounding set.

    Args:
        bounding: The set in hexadecimal, as in `/proc/PID/status`.
        last: The highest capability that the kernel has, from `/proc/sys/kernel/cap_last_cap`.

    """
    bits = int(bounding, 16)
    return tuple(name for bit, name in enumerate(CAPABILITIES[: last + 1]) if not bits >> bit & 1)


def load_or_probe_host_facts(client: docker.DockerClient, image: str, info: Mapping[str, Any]) -> HostFacts:
    """Return the facts: from the cache if engine, kernel and node image are still the same, else from new probes.

    Args:
        client: The host engine.
        image: The node image.
        info: The engine's response to `/info`.

    Raises:
        HostError: The probes cannot run.

    """
    key = {"labs": __version__, "image": image} | {name: info.get(name) for name in ("ServerVersion", "KernelVersion")}
    path = paths.cache_folder() / "hosts" / f"{info['ID'].replace(':', '')}.json"
    facts = _decode_cached(path.read_bytes() if path.exists() else b"{}", key)
    if facts is None:
        with host_engine.translate_engine_errors("probing what the host offers to nodes"):
            facts = _probe_host(client, image)
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic.write_text(path, codec.encode_json({"key": key, "facts": facts}, indent=2))
    return facts


def clear_probe_cache() -> None:
    """Delete all cached facts, so that the host is probed again."""
    for path in (paths.cache_folder() / "hosts").glob("*.json"):
        path.unlink()


def _decode_cached(content: bytes, key: Mapping[str, Any]) -> HostFacts | None:
    try:
        data = codec.decode_json(content, dict[str, Any])
        return codec.from_builtins(data.get("facts"), HostFacts) if data.get("key") == key else None
    except codec.DecodeError:
        return None


def _probe_host(client: docker.DockerClient, image: str) -> HostFacts:
    modules = docker.types.Mount(MODULES, MODULES, "bind", read_only=True)
    capabilities = _ask_probe(client, image, "capabilities", {"pid_mode": "host"})
    facts = HostFacts(
        has_privileged_mode=_can_start(client, image, {"privileged": True}),
        missing_capabilities=parse_missing_capabilities(capabilities["bounding"], int(capabilities["last"])),
        has_modules=_can_start(client, image, {"mounts": [modules]}),
        cgroup_version=1,
        iptables_backend="none",
        has_ipvs=False,
        has_vxlan=False,
    )
    kernel = _ask_probe(client, image, "kernel", build_node_host_options(facts))
    return HostFacts(
        has_privileged_mode=facts.has_privileged_mode,
        missing_capabilities=facts.missing_capabilities,
        has_modules=facts.has_modules,
        cgroup_version=int(kernel["cgroup"]),
        iptables_backend=kernel["iptables"],
        has_ipvs=kernel["ipvs"] == "yes",
        has_vxlan=kernel["vxlan"] == "yes",
    )


def _ask_probe(client: docker.DockerClient, image: str, question: str, options: dict[str, Any]) -> dict[str, str]:
    output = _run_probe(client, image, ["labs-probe", question], options)
    return dict(line.split("=", 1) for line in output.splitlines() if "=" in line)


def _can_start(client: docker.DockerClient, image: str, options: dict[str, Any]) -> bool:
    try:
        _run_probe(client, image, ["true"], options)
    except APIError as error:
        # Ignore all errors except a refusal of these options: they will recur, with a clearer message, for a real node.
        return not ("apply caps" in str(error) or "not permitted" in str(error) or "does not exist" in str(error))
    return True


def _run_probe(client: docker.DockerClient, image: str, command: list[str], options: dict[str, Any]) -> str:
    api = client.api
    config = build_host_config(client, options)
    probe_labels = labels.build_cluster_labels(PROBE_CLUSTER)
    with signals.defer_interrupts_in_block():
        container = api.create_container(image, command, host_config=config, labels=probe_labels, entrypoint=[])["Id"]
    try:
        api.start(container)
        api.wait(container)
        return str(api.logs(container, stderr=False).decode("utf-8", "replace"))
    finally:
        with contextlib.suppress(NotFound):
            api.remove_container(container, force=True, v=True)
