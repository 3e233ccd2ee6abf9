"""The driver, used by an ordinary user."""

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
from tests.support.helpers import CHECKOUT, NO_ENGINE
from tests.support.vm_leftovers import UmlLeftovers

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("useradd"), reason="only root can create a user and run commands as them"
)
USER = f"labs{os.getpid()}"
Labs = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """Create an ordinary user with a home folder that contains this user's artifacts."""
    # Other users must not enter pytest's folders.
    folder = Path(tempfile.mkdtemp(prefix=USER))
    subprocess.run(["useradd", "--no-create-home", "--home-dir", folder, USER], check=True, capture_output=True)
    try:
        _copy_artifacts(folder / ".cache" / "labs" / "uml")
        _create_python(folder)
        shutil.chown(folder, USER)
        for cache in (folder / ".cache", *(folder / ".cache").glob("*"), folder / ".cache" / "labs" / "uml"):
            shutil.chown(cache, USER)
        yield folder
    finally:
        UmlLeftovers(folder / ".local").kill_processes()
        subprocess.run(["userdel", USER], check=False, capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)


def _copy_artifacts(target: Path) -> None:
    newest = artifacts.find_newest_artifacts()
    assert newest is not None
    target.mkdir(parents=True)
    # The user only reads them, so hard links are enough.
    if subprocess.run(["cp", "--archive", "--link", newest.folder, target], check=False).returncode:
        subprocess.run(["cp", "--archive", "--sparse=always", newest.folder, target], check=True)


def _create_python(folder: Path) -> None:
    """Create a virtual environment that a user can run who cannot enter ours."""
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
    command = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups", *argv]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, **options)


@pytest.fixture(scope="module")
def users_labs(home: Path, uml_environment: dict[str, str]) -> Iterator[Labs]:
    """Return a function that runs `labs` as the ordinary user."""
    variables = {name: uml_environment[name] for name in ("PATH", "LABS_PROJECT", "LABS_ROOT", "COLUMNS")}
    variables |= {"HOME": str(home), "DOCKER_HOST": NO_ENGINE}

    def run(*argv: str) -> subprocess.CompletedProcess[str]:
        return _as_user(f"{home}/venv/bin/python", "-m", "runner", *argv, env=variables, cwd=home)

    doctor = run("doctor").stdout
    if "cannot be created by an ordinary user" in doctor:
        pytest.skip("ordinary users cannot create namespaces here")
    yield run
    run("rm", "--all")


def test_ordinary_user(users_labs: Labs, home: Path) -> None:
    """An ordinary user starts a lab, creates its swarm and removes it; nothing runs as root, and nothing is left."""
    started = users_labs("start", "trio", "--driver", "uml")
    assert 0 == started.returncode, started.stderr
    leftovers = UmlLeftovers(home / ".local" / "state" / "labs")
    owners = {Path(f"/proc/{process}").stat().st_uid for process in leftovers.list_processes()}
    assert {_get_user_id()} == owners
    played = users_labs("play", "trio")
    assert 0 == played.returncode, played.stdout + played.stderr
    members = users_labs("exec", "node1", "--", "docker", "node", "ls", "--format", "{{.Status}}")
    assert ["Ready"] * 3 == members.stdout.split()
    ran = users_labs("exec", "node2", "--", "docker", "run", "--rm", "busybox", "id", "-u")
    assert "0\n" == ran.stdout, ran.stderr
    assert 0 == users_labs("stop").returncode
    assert "Resumed trio in " in users_labs("start", "trio").stdout
    assert 0 == users_labs("rm", "trio").returncode
    assert {} == leftovers.list_processes()
    assert [] == [path for path in (home / ".local").rglob("*") if path.is_socket() or path.suffix == ".writable"]


def _get_user_id() -> int:
    return int(subprocess.run(["id", "-u", USER], capture_output=True, text=True, check=True).stdout)
