"""A restart of the host's engine, tried on a second engine that the test may restart."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import LabsRunner
from tests.docker.conftest import run_docker
from tests.docker.second_engine import REQUIRES_ROOT, SecondEngine


@pytest.fixture
def second(tmp_path: Path) -> Iterator[SecondEngine]:
    """Run a second engine that has our images."""
    engine = SecondEngine(tmp_path)
    engine.start()
    try:
        listed = run_docker(
            "images",
            "--filter",
            "label=labs.recipe",
            "--filter",
            "dangling=false",
            "--format",
            "{{.Repository}}:{{.Tag}}",
        ).split()
        with subprocess.Popen(["docker", "save", *listed], stdout=subprocess.PIPE) as save:
            subprocess.run(
                ["docker", "--host", engine.host, "load", "--quiet"], stdin=save.stdout, check=True, timeout=300
            )
        yield engine
    finally:
        engine.stop()


@REQUIRES_ROOT
def test_a_cluster_outlives_its_engine(labs: LabsRunner, second: SecondEngine) -> None:
    """After a restart of the engine the nodes are stopped, and start brings the same swarm back."""
    there = {"DOCKER_HOST": second.host}
    try:
        started = labs("start", "trio", env=there)
        assert 0 == started.returncode, started.stderr
        assert 0 == labs("play", env=there).returncode
        before = labs("exec", "node1", "--", "docker", "node", "ls", "--quiet", env=there).stdout
        second.stop()
        assert 4 == labs("check", env=there).returncode
        second.start()
        assert "halted" in labs("status", env=there).stdout
        assert 0 == labs("start", "trio", env=there).returncode
        assert 0 == labs("check", "--patience", "30", env=there).returncode
        assert before == labs("exec", "node1", "--", "docker", "node", "ls", "--quiet", env=there).stdout
    finally:
        labs("rm", "--all", env=there)
