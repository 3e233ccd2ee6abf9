"""Examines the host: whether it can run VMs and build their artifacts, and has enough free memory and disk space."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from runner import debian_packages
from runner.drivers.uml.artifacts import Artifacts, has_outdated_artifacts
from runner.errors import HostError
from runner.nodes.driver_interface import Diagnosis

# The only architecture that Debian ships user-mode Linux for and that it can run Docker on.
_ARCHITECTURE = "x86_64"
_RUN_PROGRAMS = ("chroot", "ip", "setpriv", "taskset", "unshare")
_BUILD_PROGRAMS = ("buildah", "ip", "mkfs.ext4", "mmdebstrap", "setpriv", "unshare")
# It gives an ordinary user the additional user ids that files in an image belong to.
_BUILD_PROGRAMS_WITHOUT_ROOT = ("newuidmap",)
_MEGABYTE = 1 << 20
_MEGABYTE_IN_KB = 1024
# A lab with one node needs this much free memory.
_ONE_NODE_MEGABYTES = 1500
# Memory that VMs must leave to the rest of the host.
_RESERVED_MEGABYTES = 256
# What the boot of a VM and a few services write to its disk.
_VM_DISK_MEGABYTES = 100


def diagnose_host(artifacts: Artifacts | None) -> list[Diagnosis]:
    """Examine everything, for `labs doctor`.

    Args:
        artifacts: The artifacts that VMs would be created from, if there are any.

    """
    requirements = _diagnose_requirements(is_building=artifacts is None)
    return [*requirements, _diagnose_artifacts(artifacts), _diagnose_memory()]


def check_host(*, is_building: bool = False) -> None:
    """Check that this host can run VMs.

    Args:
        is_building: Whether it must also be able to build their artifacts.

    Raises:
        HostError: It cannot; the error has the reason and a fix.

    """
    for diagnosis in _diagnose_requirements(is_building=is_building):
        if diagnosis.is_ok is False:
            advice = diagnosis.advice or _advise_on_packages(diagnosis.missing_packages)
            raise HostError(f"The driver uml cannot run here: {diagnosis.subject}: {diagnosis.finding}.", advice)


def _diagnose_requirements(*, is_building: bool) -> Iterator[Diagnosis]:
    yield _diagnose_processor()
    yield _diagnose_tools(is_building=is_building)
    yield _diagnose_namespaces()


def _diagnose_processor() -> Diagnosis:
    architecture = platform.machine()
    is_ok = platform.system() == "Linux" and architecture == _ARCHITECTURE
    advice = "" if is_ok else "Use the driver docker; user-mode Linux exists only for Linux on x86-64."
    return Diagnosis("processor", is_ok, f"{platform.system()} on {architecture}", advice)


def _diagnose_tools(*, is_building: bool) -> Diagnosis:
    programs = _RUN_PROGRAMS + (_list_build_programs() if is_building else ())
    missing = debian_packages.find_missing_packages(programs)
    if missing:
        finding = f"missing Debian packages: {', '.join(missing)}"
        return Diagnosis("tools", False, finding, missing_packages=missing)
    return Diagnosis("tools", True, "all programs are installed")


def _advise_on_packages(missing: Sequence[str]) -> str:
    advice = debian_packages.advise_installation(missing)
    if debian_packages.find_missing_packages(_RUN_PROGRAMS):
        return advice
    return f"{advice} Or import the images from another host with 'labs images import FILE'."


def _diagnose_namespaces() -> Diagnosis:
    """Try to create the namespaces that the supervisor needs, as the current user."""
    if not shutil.which("unshare"):
        return Diagnosis("namespaces", None, "not examined, because unshare is not installed", "Install it first.")
    if os.geteuid() == 0:
        command, user = ["unshare", "--net", "--mount", "--pid", "--fork", "true"], "root"
    else:
        command = ["unshare", "--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "true"]
        user = "an ordinary user"
    result = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
    if result.returncode == 0:
        return Diagnosis("namespaces", True, f"can be created by {user}")
    reason = result.stderr.strip().splitlines()[-1] if result.stderr.strip() else "refused"
    return Diagnosis("namespaces", False, f"cannot be created by {user} ({reason})", _advise_on_namespaces())


def _advise_on_namespaces() -> str:
    if os.geteuid() == 0:
        return "Run labs where namespaces can be created (many containers forbid it)."
    if _read_kernel_setting("kernel/apparmor_restrict_unprivileged_userns") == "1":
        # Ubuntu 23.10 and later; https://ubuntu.com/blog/ubuntu-23-10-restricted-unprivileged-user-namespaces
        return "Run 'sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0', or run labs as root."
    if _read_kernel_setting("kernel/unprivileged_userns_clone") == "0":
        return "Run 'sudo sysctl kernel.unprivileged_userns_clone=1', or run labs as root."
    if _read_kernel_setting("user/max_user_namespaces") == "0":
        return "Run 'sudo sysctl user.max_user_namespaces=10000', or run labs as root."
    return "Run labs as root, or where namespaces can be created (many containers forbid it)."


def _read_kernel_setting(name: str) -> str:
    try:
        return Path("/proc/sys", name).read_text("ascii").strip()
    except OSError:
        return ""


def _diagnose_artifacts(artifacts: Artifacts | None) -> Diagnosis:
    if artifacts:
        return Diagnosis("images", True, f"kernel and base disk with {len(artifacts.images)} images available")
    finding = "built by another version of labs, so out of date" if has_outdated_artifacts() else "not built yet"
    return Diagnosis("images", None, finding, "Run 'labs images build --driver uml'; it takes two minutes.")


def check_build_tools() -> None:
    """Check that this host can build the artifacts of VMs.

    Raises:
        HostError: It cannot; the error says what is missing and how to install it.

    """
    if platform.machine() != _ARCHITECTURE:
        raise HostError(
            f"User-mode Linux exists only for x86-64 processors; this host has {platform.machine()}.",
            "Use the other driver: '--driver docker'.",
        )
    missing = debian_packages.find_missing_packages(_list_build_programs())
    if missing:
        raise HostError(
            f"The VMs' kernel and base disk cannot be built without {', '.join(missing)}.",
            _advise_on_packages(missing),
        )


def _list_build_programs() -> tuple[str, ...]:
    return _BUILD_PROGRAMS if os.geteuid() == 0 else _BUILD_PROGRAMS + _BUILD_PROGRAMS_WITHOUT_ROOT


def measure_free_memory() -> int:
    """Return how many MB the kernel estimates to be available without swapping."""
    lines = Path("/proc/meminfo").read_text("ascii").splitlines()
    return next(int(line.split()[1]) // _MEGABYTE_IN_KB for line in lines if line.startswith("MemAvailable:"))


def _diagnose_memory() -> Diagnosis:
    free = measure_free_memory()
    is_enough = free >= _ONE_NODE_MEGABYTES
    advice = "" if is_enough else "A lab with one node needs about 1.5 GB; end a program that uses a lot of memory."
    return Diagnosis("memory", True if is_enough else None, f"{free} MB free", advice)


def check_free_memory(megabytes: int) -> None:
    """Check that this host has enough free memory for VMs.

    Args:
        megabytes: The maximum memory of all VMs together.

    Raises:
        HostError: There is too little; the message contains the figures.

    """
    free = measure_free_memory()
    if megabytes + _RESERVED_MEGABYTES > free:
        raise HostError(
            f"The VMs may use {megabytes} MB of memory, but this host has only {free} MB free "
            f"({_RESERVED_MEGABYTES} MB of them are reserved for the host).",
            "Stop another lab ('labs status', 'labs stop') or end a program that uses a lot of memory, then retry.",
        )


def check_disk_space(folder: Path, vm_count: int) -> None:
    """Check that the host's disk has enough free space for the disks of VMs, which would otherwise get I/O errors.

    Args:
        folder: The folder for the disks, which may not exist yet.
        vm_count: The number of VMs.

    Raises:
        HostError: There is too little; the message contains the figures.

    """
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free // _MEGABYTE
    required = vm_count * _VM_DISK_MEGABYTES
    if free < required:
        raise HostError(
            f"The disk is full: {existing} has {free} MB free, and the VMs need at least {required} MB.",
            "Free disk space ('labs status' lists clusters, 'labs rm' removes them), then retry.",
        )
