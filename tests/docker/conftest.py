"""Clusters for the tests, in a project of their own on this machine's engine."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import LabsRunner

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.docker)


def run_docker(*argv: str) -> str:
    """Run the docker command and return its output."""
    return subprocess.run(["docker", *argv], capture_output=True, text=True, check=True, timeout=120).stdout.strip()


class Leftovers:
    """What the tests' project has on the engine."""

    def __init__(self, project: str) -> None:
        self.filter = ("--filter", f"label=labs.project={project}")

    def list_containers(self) -> list[str]:
        """Return the names of its containers."""
        return run_docker("ps", "--all", "--format", "{{.Names}}", *self.filter).split()

    def list_container_ids(self) -> set[str]:
        """Return the whole ids of its containers."""
        return set(run_docker("ps", "--all", "--quiet", "--no-trunc", *self.filter).split())

    def list_networks(self) -> list[str]:
        """Return the names of its networks."""
        return run_docker("network", "ls", "--format", "{{.Name}}", *self.filter).split()

    def list_cluster_volumes(self) -> list[str]:
        """Return the names of its volumes, the store's left out."""
        own = run_docker("volume", "ls", "--format", "{{.Name}}", *self.filter, "--filter", "label=labs.lab")
        return own.split()

    def list_all(self) -> list[str]:
        """Return the names of all that belongs to clusters."""
        return self.list_containers() + self.list_networks() + self.list_cluster_volumes()


@pytest.fixture(scope="session")
def leftovers(environment: dict[str, str]) -> Leftovers:
    """Return what lists the project's objects."""
    return Leftovers(environment["LABS_PROJECT"])


@pytest.fixture(scope="session", autouse=True)
def _images(labs: LabsRunner) -> None:
    """Have the images before the first test."""
    built = labs("images", "build", "trio")
    assert built.returncode == 0, built.stderr


@pytest.fixture
def clean(labs: LabsRunner, leftovers: Leftovers) -> Iterator[None]:
    """Begin and end a test without clusters."""
    labs("rm", "trio")
    labs("rm", "solo")
    assert leftovers.list_all() == []
    yield
    for lab in ("trio", "solo"):
        labs("rm", lab)


@pytest.fixture(scope="module")
def trio(labs: LabsRunner) -> Iterator[str]:
    """Have the lab `trio` started for the tests of a file."""
    labs("rm", "trio")
    started = labs("start", "trio")
    assert started.returncode == 0, started.stderr
    yield "trio"
    labs("rm", "trio")
