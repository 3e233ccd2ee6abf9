"""Whether this machine can run kernels as processes, and build what they need."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Iterator

from runner import paths
from runner.drivers.uml import memory, needs
from runner.drivers.uml.artifacts import Parts
from runner.errors import HostError
from runner.nodes.driver_interface import Diagnosis

_PACKAGES = {"ip": "iproute2", **dict.fromkeys(("unshare", "setpriv", "taskset"), "util-linux"), "chroot": "coreutils"}
_ONE_NODE = 1500


def require() -> None:
    """Refuse a machine that cannot run kernels as processes.

    Raises:
        HostError: With what stands against it, and what to type.

    """
    for finding in _needs():
        if finding.is_ok is False:
            raise HostError(f"The driver uml cannot serve: {finding.subject}: {finding.finding}.", finding.advice)


def findings(found: Parts | None) -> list[Diagnosis]:
    """Look at everything, for `labs doctor`."""
    return [*_needs(), _parts(found), _memory()]


def _needs() -> Iterator[Diagnosis]:
    yield _processor()
    yield _tools()
    yield _namespaces()


def _processor() -> Diagnosis:
    kind = platform.machine()
    good = platform.system() == "Linux" and kind == "x86_64"
    advice = "" if good else "Use the driver docker; user-mode Linux is made for Linux on x86-64 alone."
    return Diagnosis("processor", good, f"{platform.system()} on {kind}", advice)


def _tools() -> Diagnosis:
    missing = sorted({package for tool, package in _PACKAGES.items() if not shutil.which(tool, path=paths.programs())})
    if missing:
        return Diagnosis(
            "tools", False, f"{', '.join(missing)} missing", f"Type 'sudo apt-get install {' '.join(missing)}'."
        )
    return Diagnosis("tools", True, "iproute2 and util-linux")


def _namespaces() -> Diagnosis:
    """Try the namespaces that the supervisor makes, as whoever we are."""
    if os.geteuid() == 0:
        tried, who = ["unshare", "--net", "--mount", "--pid", "--fork", "true"], "root"
    else:
        tried = ["unshare", "--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "true"]
        who = "an ordinary user"
    done = subprocess.run(tried, capture_output=True, text=True, check=False) if shutil.which("unshare") else None
    if done and done.returncode == 0:
        return Diagnosis("namespaces", True, f"may be made by {who}")
    said = done.stderr.strip().splitlines()[-1] if done and done.stderr.strip() else "refused"
    return Diagnosis("namespaces", False, f"{who} may not make them ({said})", _advice())


def _advice() -> str:
    if os.geteuid() == 0:
        return "Run labs where namespaces may be made (many containers forbid them)."
    if _setting("kernel/apparmor_restrict_unprivileged_userns") == "1":
        # Ubuntu 23.10 and later; https://ubuntu.com/blog/ubuntu-23-10-restricted-unprivileged-user-namespaces
        return "Type 'sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0', or run labs as root."
    if _setting("kernel/unprivileged_userns_clone") == "0":
        return "Type 'sudo sysctl kernel.unprivileged_userns_clone=1', or run labs as root."
    if _setting("user/max_user_namespaces") == "0":
        return "Type 'sudo sysctl user.max_user_namespaces=10000', or run labs as root."
    return "Run labs as root, or where namespaces may be made (many containers forbid them)."


def _setting(name: str) -> str:
    try:
        with open(f"/proc/sys/{name}", encoding="ascii") as handle:  # noqa: PTH123 - a file of the kernel
            return handle.read().strip()
    except OSError:
        return ""


def _parts(found: Parts | None) -> Diagnosis:
    if found:
        return Diagnosis("parts", True, f"kernel and disk with {len(found.contents)} images")
    missing = needs.missing()
    if missing:
        advice = f"Type '{needs.install_line(missing)}'."
        return Diagnosis("parts", False, f"not built yet; {', '.join(missing)} missing for that", advice)
    return Diagnosis("parts", None, "not built yet", "Type 'labs images build --driver uml', about two minutes.")


def _memory() -> Diagnosis:
    free = memory.free()
    advice = "" if free >= _ONE_NODE else "A lab of one node needs about 1.5 GB; end a program that uses much."
    return Diagnosis("memory", True if free >= _ONE_NODE else None, f"{free} MB free", advice)
