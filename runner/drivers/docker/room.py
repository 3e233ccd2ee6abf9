"""What can be told of an engine before a node image is there to probe with."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runner.errors import HostError

# The images and three nodes take about this much.
_NEEDED_BYTES = 3 << 30


def require(info: Mapping[str, Any]) -> None:
    """Refuse an engine whose disk is all but full.

    Args:
        info: What the engine's `/info` said.

    Raises:
        HostError: With the figures.

    """
    folder = Path(info.get("DockerRootDir") or "")
    try:
        # An engine elsewhere, or in a virtual machine, has its folder where we cannot look.
        if not (_is_here(info) and folder.is_absolute() and folder.is_dir()):
            return
        free = shutil.disk_usage(folder).free
    except OSError:
        # Nor can we below a folder that only the engine's own user may enter.
        return
    if free < _NEEDED_BYTES:
        raise HostError(
            f"The engine's disk has {free / 1e9:.1f} GB free in {folder}; the nodes and their images need "
            f"{_NEEDED_BYTES / 1e9:.1f} GB.",
            "Make room ('docker system df' shows what uses it), then try again.",
        )


def surely_without_ipvs(info: Mapping[str, Any]) -> bool:
    """Whether the engine stands on this machine's own kernel, and that has IPVS neither built in nor as a module."""
    if not _is_here(info) or Path("/proc/net/ip_vs").exists():
        return False
    modules = Path("/lib/modules", os.uname().release)
    built_in = modules / "modules.builtin"
    return not any(modules.rglob("ip_vs.ko*")) and "ip_vs.ko" not in (
        built_in.read_text("utf-8", "replace") if built_in.exists() else ""
    )


def _is_here(info: Mapping[str, Any]) -> bool:
    return info.get("KernelVersion") == os.uname().release and info.get("Name") == os.uname().nodename
