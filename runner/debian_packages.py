"""The programs that labs runs on this host, the Debian packages that contain them, and how to install these."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable

from runner import paths

# .ci/prerequisites and the bundle for Gradescope install the same packages, before labs itself is installed.
_PACKAGES = {
    "buildah": ("buildah",),
    "chroot": ("coreutils",),
    "dockerd": ("docker.io",),
    "ip": ("iproute2",),
    "mkfs.ext4": ("e2fsprogs",),
    # The keyring has the keys of Debian's packages, which other distributions do not trust by default.
    "mmdebstrap": ("mmdebstrap", "debian-archive-keyring"),
    # With it, mmdebstrap and buildah do not need root.
    "newuidmap": ("uidmap",),
    "setpriv": ("util-linux",),
    "taskset": ("util-linux",),
    "unshare": ("util-linux",),
}


def find_missing_packages(programs: Iterable[str]) -> tuple[str, ...]:
    """Return the Debian packages of those programs that are not installed, sorted by name.

    Args:
        programs: The names of programs that labs runs.

    """
    search_path = paths.program_search_path()
    missing = (program for program in programs if not shutil.which(program, path=search_path))
    return tuple(sorted({package for program in missing for package in _PACKAGES[program]}))


def format_install_command(packages: Iterable[str]) -> str:
    """Return the shell command, in one line, that installs Debian packages as the current user."""
    prefix = "" if os.geteuid() == 0 else "sudo "
    install = f"{prefix}apt-get install --no-install-recommends {' '.join(packages)}"
    # New containers and cloud images have no package lists.
    return f"{prefix}apt-get update && {install}"


def advise_installation(packages: Iterable[str]) -> str:
    """Return the advice to install Debian packages; on other distributions, to install what they contain."""
    if shutil.which("apt-get", path=paths.program_search_path()):
        return f"Run '{format_install_command(packages)}'."
    return f"Install what Debian has in the packages {', '.join(packages)} with the package manager of this system."
