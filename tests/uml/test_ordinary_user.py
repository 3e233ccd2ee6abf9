"""The driver as somebody who is not root."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runner.drivers.uml import artifacts
from tests.conftest import CHECKOUT
from tests.helpers import NO_ENGINE
from tests.uml.leftovers import Left

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("useradd"), reason="only root can make a user and be them"
)
USER = f"labs{os.getpid()}"
Labs = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """Have an ordinary user with a home, and this user's parts in it."""
    # Others may not enter pytest's own folders.
    folder = Path(tempfile.mkdtemp(prefix=USER))
    subprocess.run(["useradd", "--no-create-home", "--home-dir", folder, USER], check=True, capture_output=True)
    try:
        _give_parts(folder / ".cache" / "labs" / "uml")
        _give_python(folder)
        shutil.chown(folder, USER)
        for made in (folder / ".cache", *(folder / ".cache").glob("*"), folder / ".cache" / "labs" / "uml"):
            shutil.chown(made, USER)
        yield folder
    finally:
        Left(folder / ".local").clear()
        subprocess.run(["userdel", USER], check=False, capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)


def _give_parts(target: Path) -> None:
    found = artifacts.find_artifacts()
    assert found is not None
    target.mkdir(parents=True)
    # Whoever has not made them only reads them.
    if subprocess.run(["cp", "--archive", "--link", found.folder, target], check=False).returncode:
        subprocess.run(["cp", "--archive", "--sparse=always", found.folder, target], check=True)


def _give_python(folder: Path) -> None:
    """Make an environment that a user may run who may not enter ours."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    for python in (f"/usr/bin/python{version}", sys.executable):
        if Path(python).exists() and _as_user(python, "-c", "").returncode == 0:
            subprocess.run([python, "-m", "venv", "--without-pip", folder / "venv"], check=True)
            packages = folder / "venv" / "lib" / f"python{version}" / "site-packages"
            ours = f"{sysconfig.get_path('purelib')}\n{CHECKOUT}\n"
            (packages / "ours.pth").write_text(ours, "utf-8")
            return
    pytest.skip(f"there is no Python {version} that another user may run")


def _as_user(*argv: str, **options: Any) -> subprocess.CompletedProcess[str]:
    become = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups", *argv]
    return subprocess.run(become, capture_output=True, text=True, check=False, timeout=120, **options)


@pytest.fixture(scope="module")
def users_labs(home: Path, environment: dict[str, str]) -> Iterator[Labs]:
    """Return what runs `labs` as the ordinary user."""
    own = {name: environment[name] for name in ("PATH", "LABS_PROJECT", "LABS_ROOT", "COLUMNS")}
    own |= {"HOME": str(home), "DOCKER_HOST": NO_ENGINE}

    def run(*argv: str) -> subprocess.CompletedProcess[str]:
        return _as_user(f"{home}/venv/bin/python", "-m", "runner", *argv, env=own, cwd=home)

    doctor = run("doctor").stdout
    if "may not make them" in doctor:
        pytest.skip("ordinary users may not make namespaces here")
    yield run
    run("rm", "--all")


def test_a_user_starts_uses_and_removes_a_lab(users_labs: Labs, home: Path) -> None:
    """An ordinary user starts a lab, makes its swarm, and removes it; nothing ran as root, and nothing is left."""
    started = users_labs("start", "trio", "--driver", "uml")
    assert 0 == started.returncode, started.stderr
    left = Left(home / ".local" / "state" / "labs")
    owners = {Path(f"/proc/{process}").stat().st_uid for process in left.processes()}
    assert {_number()} == owners
    played = users_labs("play", "trio")
    assert 0 == played.returncode, played.stdout + played.stderr
    members = users_labs("exec", "node1", "--", "docker", "node", "ls", "--format", "{{.Status}}")
    assert ["Ready"] * 3 == members.stdout.split()
    ran = users_labs("exec", "node2", "--", "docker", "run", "--rm", "busybox", "id", "-u")
    assert "0\n" == ran.stdout, ran.stderr
    assert 0 == users_labs("stop").returncode
    assert "Resumed trio in " in users_labs("start", "trio").stdout
    assert 0 == users_labs("rm", "trio").returncode
    assert {} == left.processes()
    assert [] == [path for path in (home / ".local").rglob("*") if path.is_socket() or path.suffix == ".own"]


def _number() -> int:
    return int(subprocess.run(["id", "-u", USER], capture_output=True, text=True, check=True).stdout)
