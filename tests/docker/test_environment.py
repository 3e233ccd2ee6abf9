"""Machines that are not fit: no engine, no rights, no space."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT, LabsRunner
from tests.docker.conftest import run_docker
from tests.docker.second_engine import REQUIRES_ROOT, SecondEngine

AS_ROOT = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root may start an engine of its own or become another user"
)


def test_no_engine(labs: LabsRunner) -> None:
    """Where no engine answers, start ends with 4 and says how to get one."""
    done = labs("start", "solo", env={"DOCKER_HOST": "unix:///nonexistent/docker.sock"})
    assert 4 == done.returncode
    assert "No Docker Engine answers at unix:///nonexistent/docker.sock." in done.stderr
    assert "sudo apt-get install docker.io" in done.stderr


def test_a_docker_context_is_followed(labs: LabsRunner, tmp_path: Path) -> None:
    """The engine of the active Docker context is the one that is used."""
    environment = {"DOCKER_CONFIG": str(tmp_path), "DOCKER_HOST": ""}
    own = {**os.environ, **environment}
    create = ["docker", "context", "create", "away", "--docker", "host=unix:///nonexistent/away.sock"]
    subprocess.run(create, env=own, check=True, capture_output=True)
    subprocess.run(["docker", "context", "use", "away"], env=own, check=True, capture_output=True)
    done = labs("status", env=environment)
    assert 4 == done.returncode
    assert "unix:///nonexistent/away.sock" in done.stderr


@REQUIRES_ROOT
def test_no_rights_to_the_engine(environment: dict[str, str], tmp_path: Path) -> None:
    """A user who may not open the engine's socket is told what to type."""
    socket = run_docker("context", "inspect", "--format", "{{.Endpoints.docker.Host}}").removeprefix("unix://")
    python = _python_for_all()
    home = {"HOME": "/nonexistent", "XDG_STATE_HOME": "/nonexistent", "DOCKER_HOST": f"unix://{socket}"}
    command = f"import sys; sys.path[:0] = {[str(CHECKOUT), *sys.path[1:]]!r}; from runner.cli import main; main()"
    argv = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", python, "-c", command, "status"]
    done = subprocess.run(argv, env={**environment, **home}, capture_output=True, text=True, check=False, timeout=60)
    assert 4 == done.returncode, done.stderr
    assert "has no right to the Docker Engine" in done.stderr
    assert "usermod -aG docker" in done.stderr


def _python_for_all() -> str:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/bin/python{version}"):
        probe = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", python, "-c", ""]
        if shutil.which("setpriv") and Path(python).exists() and not subprocess.run(probe, check=False).returncode:
            return python
    return pytest.skip(f"there is no Python {version} that another user may run")


@pytest.fixture
def full_engine(tmp_path: Path) -> Iterator[str]:
    """Run a second engine whose disk has 40 MB, and yield its address."""
    disk = tmp_path / "data"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(disk)], check=True)
    second = SecondEngine(tmp_path)
    second.start()
    yield second.host
    second.stop()


@REQUIRES_ROOT
def test_a_full_disk(labs: LabsRunner, full_engine: str) -> None:
    """Where the engine's disk is full, that is what the message says, with exit status 4."""
    done = labs("start", "solo", env={"DOCKER_HOST": full_engine})
    assert 4 == done.returncode
    assert "The engine's disk is full" in done.stderr
    assert "docker system df" in done.stderr


def test_rm_all_leaves_no_volume(labs: LabsRunner, environment: dict[str, str]) -> None:
    """After rm --all not even the store's volume is left, and the next start makes it again."""
    own = ("--quiet", "--filter", f"label=labs.project={environment['LABS_PROJECT']}")
    labs("start", "solo")
    assert 0 == labs("rm", "--all").returncode
    assert ["", "", ""] == [
        run_docker("ps", "--all", *own),
        run_docker("volume", "ls", *own),
        run_docker("network", "ls", *own),
    ]
    assert 0 == labs("start", "solo").returncode
    labs("rm", "solo")
    # What the tests after this one begin with.
    labs("images", "build", "trio")
