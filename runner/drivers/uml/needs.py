"""What the host needs for building parts, and how to get it."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterable

from runner import paths
from runner.errors import HostError

# Debian ships user-mode Linux for no other processor that it can run Docker on.
_PROCESSORS = ("x86_64",)
_PACKAGES = {
    "mmdebstrap": "mmdebstrap",
    "buildah": "buildah",
    "mkfs.ext4": "e2fsprogs",
    "ip": "iproute2",
    "unshare": "util-linux",
    "setpriv": "util-linux",
}
# It gives an ordinary user the further users that files in an image belong to.
_ONLY_WITHOUT_ROOT = {"newuidmap": "uidmap"}


def missing() -> list[str]:
    """Return the Debian packages that building lacks here; none are needed to use parts, or to import them."""
    needed = _PACKAGES | ({} if os.geteuid() == 0 else _ONLY_WITHOUT_ROOT)
    return list(
        dict.fromkeys(
            package for program, package in needed.items() if not shutil.which(program, path=paths.programs())
        )
    )


def install_line(packages: Iterable[str]) -> str:
    """Return what to type to install packages."""
    return f"sudo apt-get install --no-install-recommends {' '.join(packages)}"


def require() -> None:
    """Refuse to build where that cannot work.

    Raises:
        HostError: With what is missing, and how to get it.

    """
    if platform.machine() not in _PROCESSORS:
        raise HostError(
            f"User-mode Linux is there for x86-64 processors only, and this one is {platform.machine()}.",
            "Use the other driver: '--driver docker'.",
        )
    lacking = missing()
    if lacking:
        raise HostError(
            f"The machines' parts cannot be built here without {', '.join(lacking)}.",
            f"Type '{install_line(lacking)}', then the same command again; "
            "or take the parts from another machine with 'labs images import FILE'.",
        )
