"""Restarts of the host engine, tested with a second engine."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.docker_leftovers import run_docker
from tests.support.labs_command import LabsRunner
from tests.support.second_engine import REQUIRES_ROOT, SecondEngine


@pytest.fixture
def second_engine(tmp_path: Path) -> Iterator[SecondEngine]:
    """Yield a second engine that has the images of labs."""
    engine = SecondEngine(tmp_path)
    engine.start()
    try:
        tags = run_docker(
            "images",
            "--filter",
            "label=labs.recipe",
            "--filter",
            "dangling=false",
            "--format",
            "{{.Repository}}:{{.Tag}}",
        ).split()
        with subprocess.Popen(["docker", "save", *tags], stdout=subprocess.PIPE) as save:
            subprocess.run(
                ["docker", "--host", engine.host, "load", "--quiet"], stdin=save.stdout, check=True, timeout=300
            )
        yield engine
    finally:
        engine.stop()


@REQUIRES_ROOT
def test_cluster_survives_engine_restart(labs: LabsRunner, second_engine: SecondEngine) -> None:
    """After a restart of the host engine the nodes are stopped, and start resumes the same swarm."""
    variables = {"DOCKER_HOST": second_engine.host}
    try:
        result = labs("start", "trio", env=variables)
        assert 0 == result.returncode, result.stderr
        assert 0 == labs("play", env=variables).returncode
        before = labs("exec", "node1", "--", "docker", "node", "ls", "--quiet", env=variables).stdout
        second_engine.stop()
        assert 4 == labs("check", env=variables).returncode
        second_engine.start()
        assert "stopped" in labs("status", env=variables).stdout
        assert 0 == labs("start", "trio", env=variables).returncode
        assert 0 == labs("check", "--patience", "30", env=variables).returncode
        assert before == labs("exec", "node1", "--", "docker", "node", "ls", "--quiet", env=variables).stdout
    finally:
        labs("rm", "--all", env=variables)
