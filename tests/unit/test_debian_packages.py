"""The Debian packages that labs asks for, and those that scripts install before labs itself is installed."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from runner import debian_packages
from tests.support import helpers

# Every Debian system has these packages.
ESSENTIAL = {"coreutils", "util-linux"}


def test_found_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package is missing if one of its programs is not installed; each package is named once, in order."""
    monkeypatch.setattr("runner.paths.program_search_path", lambda: str(tmp_path))
    for program in ("ip", "setpriv"):
        helpers.write_script(tmp_path, program, "")
    assert ("uidmap", "util-linux") == debian_packages.find_missing_packages(
        ["unshare", "taskset", "setpriv", "ip", "newuidmap"]
    )
    assert () == debian_packages.find_missing_packages(["ip", "setpriv"])


@pytest.mark.parametrize(("user", "prefix"), [(0, ""), (1000, "sudo ")])
def test_install_command(user: int, prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command is one line, which uses sudo unless the user is root."""
    monkeypatch.setattr(os, "geteuid", lambda: user)
    assert (
        f"{prefix}apt-get update && {prefix}apt-get install --no-install-recommends buildah uidmap"
        == debian_packages.format_install_command(["buildah", "uidmap"])
    )


def test_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The advice is the command where there is apt-get; elsewhere it names the packages."""
    monkeypatch.setattr("runner.paths.program_search_path", lambda: str(tmp_path))
    assert "Install what Debian has in the packages buildah, uidmap" in debian_packages.advise_installation(
        ["buildah", "uidmap"]
    )
    helpers.write_script(tmp_path, "apt-get", "")
    assert debian_packages.format_install_command(["buildah"]) in debian_packages.advise_installation(["buildah"])


def run_prerequisites(folder: Path, python: str, **variables: str) -> set[str]:
    """Run the script as an ordinary user of an arm64 host without any other program, and return what it would install.

    Args:
        folder: The folder for the programs of that host.
        python: The script of its program python3.
        variables: The environment.

    """
    programs = {
        "apt-get": "",
        "apt-cache": "",
        "grep": "",
        "python3": python,
        "sudo": "exit 1",
        "uname": "echo aarch64",
    }
    for program, script in programs.items():
        helpers.write_script(folder, program, f"{script}\n")
    script = (helpers.CHECKOUT / ".ci" / "prerequisites").read_text("utf-8")
    # It would also find this host's programs, and it installs packages if root runs it.
    script = script.replace(":/usr/sbin:/sbin", "").replace("EUID == 0", "0")
    environment = {"PATH": str(folder), **variables}
    process = subprocess.run(["/bin/bash", "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert 4 == process.returncode, process.stdout + process.stderr
    return set(process.stdout.splitlines()[0].removeprefix("Installing with apt: ").split())


def test_prerequisites(tmp_path: Path) -> None:
    """The script for a checkout installs the packages of all programs that labs runs, and the docker command."""
    packages = {package for packages in debian_packages._PACKAGES.values() for package in packages}
    without_engine = '[ "$2" != - ]'
    assert packages - ESSENTIAL | {"docker-cli"} == run_prerequisites(tmp_path, without_engine)


def test_prerequisites_without_nodes(tmp_path: Path) -> None:
    """Without nodes, the script installs only Python."""
    assert {"python3", "python3-venv"} == run_prerequisites(tmp_path, "exit 1", WANT_NODES="no")


def test_gradescope_bundle() -> None:
    """The set-up script of a Gradescope bundle installs packages for the same programs; it runs as root."""
    text = (helpers.CHECKOUT / "runner" / "grading" / "bundles" / "gradescope" / "setup.sh").read_text("utf-8")
    needs = {program: tuple(packages.split()) for program, packages in re.findall(r"^ *need (\S+) (.*)$", text, re.M)}
    assert needs == {program: debian_packages._PACKAGES[program] for program in needs}
    assert {"ip", "unshare", "mmdebstrap", "buildah", "mkfs.ext4"} == set(needs)
