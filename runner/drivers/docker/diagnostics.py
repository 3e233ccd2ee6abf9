"""Examines the host engine: for `labs doctor`, and before there is a node image to probe it with."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import docker

from runner import debian_packages
from runner.drivers.docker import built_images, client_config, host_engine, network, subnets
from runner.drivers.docker.built_images import BuiltImages
from runner.drivers.docker.capabilities import HostFacts
from runner.drivers.docker.layer_cache import LayerCache
from runner.errors import HostError, LabsError
from runner.nodes.driver_interface import Diagnosis

# The approximate space that the images and three nodes occupy.
_REQUIRED_BYTES = 3 << 30
_REQUIRED_MEMORY_GB = 2


def diagnose_engine(
    connect: Callable[[], docker.DockerClient],
    find_layer_cache: Callable[[], LayerCache | None],
    probe_host: Callable[[str], HostFacts],
) -> list[Diagnosis]:
    """Examine the engine, the images, and what the engine offers to nodes.

    Each argument is a function, because its result may not be available.

    Args:
        connect: Returns a client of the engine.
        find_layer_cache: Returns this project's layer cache.
        probe_host: Returns what the engine offers to nodes that run on an image.

    """
    try:
        with host_engine.translate_engine_errors("asking the engine for its properties"):
            info = connect().info()
            layer_cache = find_layer_cache()
            built = BuiltImages() if layer_cache else built_images.find_built_images(connect())
    except LabsError as error:
        missing = debian_packages.find_missing_packages(["dockerd"]) if platform.system() == "Linux" else ()
        diagnosis = Diagnosis("Docker Engine", False, error.message, error.advice, missing)
        return [diagnosis, *_diagnose_client_config(), *_diagnose_tools()]
    diagnoses = [_diagnose_version(info), *_diagnose_client_config(), _diagnose_images(layer_cache, built)]
    diagnoses += [] if layer_cache else _diagnose_tools()
    node_image = layer_cache.image_set.node_image if layer_cache else built.node_image
    if node_image:
        try:
            diagnoses += _diagnose_nodes(probe_host(node_image))
        except LabsError as error:
            diagnoses.append(Diagnosis("nodes", False, error.message, error.advice))
    else:
        advice = "Run 'labs images build', then 'labs doctor' again."
        diagnoses.append(Diagnosis("nodes", None, "not probed yet", advice))
    return [*diagnoses, _diagnose_network(connect()), _diagnose_memory(info)]


def _diagnose_version(info: dict[str, Any]) -> Diagnosis:
    finding = f"{info['ServerVersion']}, {info['Driver']}, kernel {info['KernelVersion']}"
    incompatibility = host_engine.find_incompatibility(info)
    if incompatibility:
        reason, advice = incompatibility
        return Diagnosis("Docker Engine", False, f"{finding}, {reason}", advice)
    return Diagnosis("Docker Engine", True, finding)


def _diagnose_client_config() -> list[Diagnosis]:
    """Examine the user's Docker configuration file; nothing if labs can use it."""
    problem = client_config.load_client_config().problem
    advice = "It is ignored, as by the Docker CLI; correct it if you need its context or its credentials."
    return [Diagnosis("Docker config", None, problem, advice)] if problem else []


def _diagnose_images(layer_cache: LayerCache | None, built: BuiltImages) -> Diagnosis:
    if layer_cache:
        images = layer_cache.image_set.images
        stand_ins = sum(bool(image.stand_in) for image in images)
        return Diagnosis("images", True, f"{len(images)} images available, {stand_ins} of them stand-in images")
    if built.node_image:
        finding = f"{built.stand_in_count} stand-in images built, but not in a layer cache of this project yet"
        return Diagnosis("images", None, finding, "'labs start' adds what a lab needs, without building it again.")
    finding = "built by another version of labs, so out of date" if built.has_outdated else "not built yet"
    return Diagnosis("images", None, finding, "Run 'labs images build', or let 'labs start' build what a lab needs.")


def _diagnose_tools() -> list[Diagnosis]:
    """Examine whether images can be built where no image registry can be reached; nothing if they can."""
    missing = debian_packages.find_missing_packages(["mmdebstrap"]) if platform.system() == "Linux" else ()
    if not missing:
        return []
    finding = f"missing Debian packages: {', '.join(missing)}; without them, images come from a registry only"
    return [Diagnosis("tools", None, finding, missing_packages=missing)]


def _diagnose_nodes(facts: HostFacts) -> list[Diagnosis]:
    missing = ", ".join(facts.missing_capabilities)
    rights = (
        "--privileged works" if facts.has_privileged_mode else f"nodes run without --privileged (missing: {missing})"
    )
    has_iptables = facts.iptables_backend != "none"
    return [
        Diagnosis("privileges", True, rights),
        Diagnosis("cgroups", True, f"v{facts.cgroup_version}"),
        Diagnosis(
            "iptables",
            has_iptables,
            f"{facts.iptables_backend} backend" if has_iptables else "no backend works",
            "" if has_iptables else "Load the kernel modules: 'sudo modprobe ip_tables iptable_nat'.",
        ),
        _diagnose_kernel("VXLAN", facts.has_vxlan, "overlay networks", "vxlan"),
        _diagnose_kernel("IPVS", facts.has_ipvs, "virtual IPs and the routing mesh", "ip_vs"),
    ]


def _diagnose_kernel(subject: str, is_available: bool, users: str, module: str) -> Diagnosis:
    if is_available:
        return Diagnosis(subject, True, f"{users} work")
    return Diagnosis(
        subject, None, f"{users} do not work", f"Run 'sudo modprobe {module}', if the kernel has this module."
    )


def _diagnose_network(client: docker.DockerClient) -> Diagnosis:
    try:
        with host_engine.translate_engine_errors("listing the networks"):
            subnet = network.find_free_subnet(client)
    except LabsError as error:
        # If Docker networks use the addresses, perhaps for nodes that run, those nodes still work.
        is_ok = None if subnets.REMOVAL_ADVICE in error.advice else False
        return Diagnosis("network", is_ok, error.message, error.advice)
    return Diagnosis("network", True, f"the next nodes get addresses in {subnet}")


def _diagnose_memory(info: dict[str, Any]) -> Diagnosis:
    gigabytes = info["MemTotal"] / 1e9
    finding = f"{gigabytes:.1f} GB, {info['NCPU']} processors"
    is_enough = gigabytes >= _REQUIRED_MEMORY_GB
    advice = "" if is_enough else f"Three nodes need {_REQUIRED_MEMORY_GB} GB; give the engine more memory."
    return Diagnosis("memory", is_enough, finding, advice)


def check_disk_space(info: Mapping[str, Any]) -> None:
    """Check that the engine's disk has space for images and nodes.

    Args:
        info: The engine's response to `/info`.

    Raises:
        HostError: There is too little free space; the message contains the figures.

    """
    folder = Path(info.get("DockerRootDir") or "")
    try:
        # The folder of an engine on another host, or in a VM, is not visible to this process.
        if not (_is_on_this_host(info) and folder.is_absolute() and folder.is_dir()):
            return
        free = shutil.disk_usage(folder).free
    except OSError:
        # Only root can access this folder.
        return
    if free < _REQUIRED_BYTES:
        raise HostError(
            f"The engine's disk has {free / 1e9:.1f} GB free in {folder}; the nodes and their images need "
            f"{_REQUIRED_BYTES / 1e9:.1f} GB.",
            "Free disk space ('docker system df' shows what uses it), then retry.",
        )


def lacks_ipvs(info: Mapping[str, Any]) -> bool:
    """Return whether the engine's kernel certainly has no IPVS, neither built in nor as a module.

    Args:
        info: The engine's response to `/info`.

    """
    if not _is_on_this_host(info) or Path("/proc/net/ip_vs").exists():
        return False
    modules = Path("/lib/modules", os.uname().release)
    built_in = modules / "modules.builtin"
    return not any(modules.rglob("ip_vs.ko*")) and "ip_vs.ko" not in (
        built_in.read_text("utf-8", "replace") if built_in.exists() else ""
    )


def _is_on_this_host(info: Mapping[str, Any]) -> bool:
    return info.get("KernelVersion") == os.uname().release and info.get("Name") == os.uname().nodename
