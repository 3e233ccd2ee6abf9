"""Which Debian packages `labs` asks for on a host that lacks them, and the one command that installs them."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from runner.debian_packages import format_install_command
from tests.support import helpers

X86_64 = pytest.mark.skipif(
    (platform.system(), platform.machine()) != ("Linux", "x86_64"), reason="the driver uml needs Linux on x86-64"
)
FOR_IMAGES = ("debian-archive-keyring", "mmdebstrap")


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Return a PATH with the programs of a minimal Debian, where namespaces can be created."""
    for name in ("apt-get", "chroot", "ip", "mkfs.ext4", "newuidmap", "setpriv", "taskset", "unshare"):
        helpers.write_script(tmp_path / "programs", name, "")
    return str(tmp_path / "programs")


@X86_64
def test_without_engine(path: str, tmp_path: Path) -> None:
    """Without an engine, nodes can be VMs, so the command installs what these need, and no engine."""
    command = format_install_command(["buildah", *FOR_IMAGES])
    doctor = helpers.run_labs(tmp_path, "doctor", PATH=path)
    assert 4 == doctor.returncode
    assert [f"  Run '{command}'."] == [line for line in doctor.stdout.splitlines() if "apt-get update" in line]
    assert "To add what the driver uml lacks:" == doctor.stdout.splitlines()[-2]
    helpers.write_lab(tmp_path, f"{helpers.FRONT_MATTER}## Look {{#look}}\n")
    start = helpers.run_labs(tmp_path, "start", "tiny", PATH=path)
    assert 4 == start.returncode
    assert f"Run '{command}'." in start.stderr


def test_docker_only(path: str, tmp_path: Path) -> None:
    """If only the driver docker may be used, the command installs an engine, unless one is installed but stopped."""
    # labs also searches these folders, which are not in the PATH of an ordinary user.
    has_engine = any(Path(folder, "dockerd").exists() for folder in ("/usr/sbin", "/sbin"))
    command = format_install_command(["debian-archive-keyring", "docker.io", "mmdebstrap"])
    doctor = helpers.run_labs(tmp_path, "doctor", PATH=path, LABS_DRIVER="docker")
    assert has_engine is (f"  Run '{command}'." not in doctor.stdout)


def test_nothing_missing(path: str, tmp_path: Path) -> None:
    """If a driver lacks no package, there is no such command."""
    for name in ("buildah", "mmdebstrap", "dockerd"):
        helpers.write_script(tmp_path / "programs", name, "")
    assert "apt-get update" not in helpers.run_labs(tmp_path, "doctor", PATH=path).stdout
