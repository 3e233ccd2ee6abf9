"""What the host's engine and kernel can give a node: probed once with real containers, then remembered."""

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

# Linux' capabilities in the order of their bits, from linux/capability.h.
CAPABILITIES = """
    CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE
    NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT
    SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP
    MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE
""".split()  # noqa: SIM905 - forty lines of one word each would read worse
MODULES = "/lib/modules"
# Probes carry a cluster's labels, so that what an interruption leaves goes the way of a cluster's remains.
PROBE_CLUSTER = ClusterId("host", "probe")


@dataclass(frozen=True, slots=True)
class HostFacts:
    """What a node gets here.

    Attributes:
        privileged: Whether `--privileged` works.
        missing: The capabilities that the engine itself lacks, so that no container can have them.
        modules: Whether the host has kernel modules to show to the nodes.
        cgroup: The version of the control groups, 1 or 2.
        iptables: Which tables work in a node: 'nft', 'legacy' or 'none'.
        ipvs: Whether virtual IPs and the routing mesh work.
        vxlan: Whether overlay networks work across nodes.

    """

    privileged: bool
    missing: tuple[str, ...]
    modules: bool
    cgroup: int
    iptables: str
    ipvs: bool
    vxlan: bool

    def has_feature(self, need: str) -> bool:
        """Whether the kernel has what a lab's front matter calls `need`."""
        return {"ipvs": self.ipvs, "vxlan": self.vxlan}[need]


def build_node_options(facts: HostFacts) -> dict[str, Any]:
    """Return the host configuration that lets a container run an engine of its own.

    Args:
        facts: What the host can give.

    Returns:
        Arguments for `host_config`.

    """
    options: dict[str, Any] = {
        "tmpfs": {"/run": "exec,mode=755", "/tmp": "exec,mode=1777"},  # noqa: S108 - inside the node
        "security_opt": ["seccomp=unconfined", "apparmor=unconfined", "label=disable"],
    }
    if facts.privileged:
        options["privileged"] = True
    else:
        options["cap_add"] = ["ALL"]
        options["cap_drop"] = list(facts.missing)
        options["system_paths"] = "unconfined"
        options["device_cgroup_rules"] = ["a *:* rwm"]
    if facts.modules:
        options["binds"] = [f"{MODULES}:{MODULES}:ro"]
    if facts.cgroup == 2:
        options["cgroupns"] = "private"
    return options


def build_host_config(client: docker.DockerClient, options: dict[str, Any]) -> dict[str, Any]:
    """Return the engine's `HostConfig`.

    Args:
        client: The host's engine.
        options: Arguments for the SDK's `create_host_config`, and `system_paths`, which only the CLI knows (as
            `--security-opt systempaths=unconfined`) and turns into two empty lists, as is done here.

    """
    given = dict(options)
    unconfined = given.pop("system_paths", "") == "unconfined"
    made: dict[str, Any] = client.api.create_host_config(**given)
    if unconfined:
        made |= {"MaskedPaths": [], "ReadonlyPaths": []}
    return made


def list_missing_capabilities(bounding: str, last: int) -> tuple[str, ...]:
    """Return which capabilities a bounding set lacks.

    Args:
        bounding: The set as `/proc/PID/status` prints it, in hexadecimal.
        last: The highest capability the kernel knows, from `/proc/sys/kernel/cap_last_cap`.

    """
    bits = int(bounding, 16)
    return tuple(name for bit, name in enumerate(CAPABILITIES[: last + 1]) if not bits >> bit & 1)


def load_host_facts(client: docker.DockerClient, image: str, info: Mapping[str, Any]) -> HostFacts:
    """Return the facts, from the cache where engine and kernel are still the same.

    Args:
        client: The host's engine.
        image: The node image.
        info: What the engine's `/info` said.

    Raises:
        HostError: The probes cannot run.

    """
    key = {"labs": __version__, "image": image} | {name: info.get(name) for name in ("ServerVersion", "KernelVersion")}
    path = paths.cache_folder() / "hosts" / f"{info['ID'].replace(':', '')}.json"
    known = _remembered(path.read_bytes() if path.exists() else b"{}", key)
    if known is None:
        with host_engine.explain_errors("probing what the host can give a node"):
            known = _probe(client, image)
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic.write_text(path, codec.encode_json({"key": key, "facts": known}, indent=2))
    return known


def clear_probe_cache() -> None:
    """Probe anew the next time."""
    for path in (paths.cache_folder() / "hosts").glob("*.json"):
        path.unlink()


def _remembered(content: bytes, key: Mapping[str, Any]) -> HostFacts | None:
    try:
        data = codec.decode_json(content, dict[str, Any])
        return codec.from_builtins(data.get("facts"), HostFacts) if data.get("key") == key else None
    except codec.DecodeError:
        return None


def _probe(client: docker.DockerClient, image: str) -> HostFacts:
    rights = _ask(client, image, "capabilities", {"pid_mode": "host"})
    known = HostFacts(
        privileged=_starts(client, image, {"privileged": True}),
        missing=list_missing_capabilities(rights["bounding"], int(rights["last"])),
        modules=_starts(client, image, {"mounts": [docker.types.Mount(MODULES, MODULES, "bind", read_only=True)]}),
        cgroup=1,
        iptables="none",
        ipvs=False,
        vxlan=False,
    )
    kernel = _ask(client, image, "kernel", build_node_options(known))
    return HostFacts(
        privileged=known.privileged,
        missing=known.missing,
        modules=known.modules,
        cgroup=int(kernel["cgroup"]),
        iptables=kernel["iptables"],
        ipvs=kernel["ipvs"] == "yes",
        vxlan=kernel["vxlan"] == "yes",
    )


def _ask(client: docker.DockerClient, image: str, question: str, options: dict[str, Any]) -> dict[str, str]:
    output = _run(client, image, ["labs-probe", question], options)
    return dict(line.split("=", 1) for line in output.splitlines() if "=" in line)


def _starts(client: docker.DockerClient, image: str, options: dict[str, Any]) -> bool:
    try:
        _run(client, image, ["true"], options)
    except APIError as error:
        # Anything else than a refusal of these very options would come up again, and clearer, when a node is made.
        return not ("apply caps" in str(error) or "not permitted" in str(error) or "does not exist" in str(error))
    return True


def _run(client: docker.DockerClient, image: str, command: list[str], options: dict[str, Any]) -> str:
    api = client.api
    config = build_host_config(client, options)
    labelled = labels.build_labels(PROBE_CLUSTER)
    with signals.defer_interrupts():
        made = api.create_container(image, command, host_config=config, labels=labelled, entrypoint=[])["Id"]
    try:
        api.start(made)
        api.wait(made)
        return str(api.logs(made, stderr=False).decode("utf-8", "replace"))
    finally:
        with contextlib.suppress(NotFound):
            api.remove_container(made, force=True, v=True)
