"""Hosts that cannot run labs: no engine, no permissions, no disk space."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.docker_leftovers import run_docker
from tests.support.helpers import CHECKOUT
from tests.support.labs_command import LabsRunner
from tests.support.second_engine import REQUIRES_ROOT, SecondEngine

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root may start another engine or become another user")


def test_no_engine(labs: LabsRunner) -> None:
    """Without an engine, start exits with 4 and says how to install one."""
    result = labs("start", "solo", env={"DOCKER_HOST": "unix:///nonexistent/docker.sock"})
    assert 4 == result.returncode
    assert "No Docker Engine answers at unix:///nonexistent/docker.sock." in result.stderr
    assert "sudo apt-get install docker.io" in result.stderr


def test_docker_context(labs: LabsRunner, tmp_path: Path) -> None:
    """Labs use the engine of the active Docker context."""
    environment = {"DOCKER_CONFIG": str(tmp_path), "DOCKER_HOST": ""}
    variables = {**os.environ, **environment}
    create = ["docker", "context", "create", "away", "--docker", "host=unix:///nonexistent/away.sock"]
    subprocess.run(create, env=variables, check=True, capture_output=True)
    subprocess.run(["docker", "context", "use", "away"], env=variables, check=True, capture_output=True)
    result = labs("status", env=environment)
    assert 4 == result.returncode
    assert "unix:///nonexistent/away.sock" in result.stderr


@REQUIRES_ROOT
def test_no_permission_for_the_engine(environment: dict[str, str], tmp_path: Path) -> None:
    """A user without permission for the engine's socket sees what to type."""
    socket = run_docker("context", "inspect", "--format", "{{.Endpoints.docker.Host}}").removeprefix("unix://")
    python = _find_python_for_all_users()
    home = {"HOME": "/nonexistent", "XDG_STATE_HOME": "/nonexistent", "DOCKER_HOST": f"unix://{socket}"}
    command = f"import sys; sys.path[:0] = {[str(CHECKOUT), *sys.path[1:]]!r}; from runner.cli import main; main()"
    argv = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", python, "-c", command, "status"]
    result = subprocess.run(argv, env={**environment, **home}, capture_output=True, text=True, check=False, timeout=60)
    assert 4 == result.returncode, result.stderr
    assert "You do not have permission to use the Docker Engine" in result.stderr
    assert "usermod -aG docker" in result.stderr


def _find_python_for_all_users() -> str:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/bin/python{version}"):
        probe = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", python, "-c", ""]
        if shutil.which("setpriv") and Path(python).exists() and not subprocess.run(probe, check=False).returncode:
            return python
    return pytest.skip(f"no Python {version} can be run by another user")


@pytest.fixture
def full_engine(tmp_path: Path) -> Iterator[str]:
    """Start a second engine with a 40 MB disk, and yield its address."""
    disk = tmp_path / "data"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(disk)], check=True)
    second = SecondEngine(tmp_path)
    second.start()
    yield second.host
    second.stop()


@REQUIRES_ROOT
def test_full_disk(labs: LabsRunner, full_engine: str) -> None:
    """If the engine's disk is full, start exits with 4 and says so."""
    result = labs("start", "solo", env={"DOCKER_HOST": full_engine})
    assert 4 == result.returncode
    assert "The engine's disk is full" in result.stderr
    assert "docker system df" in result.stderr
