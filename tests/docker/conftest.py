"""Fixtures for tests with real clusters, in a separate project on the host engine."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import LabsRunner

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Add the marker `docker` to all tests in this folder."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.docker)


def run_docker(*argv: str) -> str:
    """Run a docker command and return its output."""
    return subprocess.run(["docker", *argv], capture_output=True, text=True, check=True, timeout=120).stdout.strip()


class Leftovers:
    """The containers, networks and volumes of a project on the host engine."""

    def __init__(self, project: str) -> None:
        self.filter = ("--filter", f"label=labs.project={project}")

    def list_containers(self) -> list[str]:
        """Return the names of its containers."""
        return run_docker("ps", "--all", "--format", "{{.Names}}", *self.filter).split()

    def list_container_ids(self) -> set[str]:
        """Return the full ids of its containers."""
        return set(run_docker("ps", "--all", "--quiet", "--no-trunc", *self.filter).split())

    def list_networks(self) -> list[str]:
        """Return the names of its networks."""
        return run_docker("network", "ls", "--format", "{{.Name}}", *self.filter).split()

    def list_cluster_volumes(self) -> list[str]:
        """Return the names of the volumes of its clusters, without the layer cache."""
        names = run_docker("volume", "ls", "--format", "{{.Name}}", *self.filter, "--filter", "label=labs.lab")
        return names.split()

    def list_all(self) -> list[str]:
        """Return the names of everything that belongs to its clusters."""
        return self.list_containers() + self.list_networks() + self.list_cluster_volumes()


@pytest.fixture(scope="session")
def leftovers(environment: dict[str, str]) -> Leftovers:
    """Return the leftovers of the tests' project."""
    return Leftovers(environment["LABS_PROJECT"])


@pytest.fixture(scope="session", autouse=True)
def _build_images(labs: LabsRunner) -> None:
    """Build the images before the first test."""
    result = labs("images", "build", "trio")
    assert result.returncode == 0, result.stderr


@pytest.fixture
def clean(labs: LabsRunner, leftovers: Leftovers) -> Iterator[None]:
    """Remove all clusters before and after a test."""
    labs("rm", "trio")
    labs("rm", "solo")
    assert leftovers.list_all() == []
    yield
    for lab in ("trio", "solo"):
        labs("rm", lab)


@pytest.fixture(scope="module")
def trio(labs: LabsRunner) -> Iterator[str]:
    """Start the lab `trio` for the tests of a file."""
    labs("rm", "trio")
    result = labs("start", "trio")
    assert result.returncode == 0, result.stderr
    yield "trio"
    labs("rm", "trio")
