"""Fixtures for tests with real clusters, in a separate project on the host engine."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from runner.clusters import selection
from tests.support import pseudo_terminal
from tests.support.docker_leftovers import Leftovers
from tests.support.labs_command import LabsRunner
from tests.support.pseudo_terminal import PseudoTerminal

_MAX_WORKERS, _MEGABYTES_PER_WORKER = 4, 2000


def pytest_xdist_auto_num_workers() -> int:
    """Return how many test processes fit: one per processor, and each with the memory for clusters of three nodes.

    Each process has its own project. With more of them, tests would wait for the disk and the host engine.
    """
    return max(1, min(_MAX_WORKERS, os.cpu_count() or 1, selection.measure_free_memory() // _MEGABYTES_PER_WORKER))


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


@pytest.fixture
def shell(environment: dict[str, str]) -> Iterator[PseudoTerminal]:
    """Yield a terminal that shows the prompt of node2."""
    with pseudo_terminal.open_node_shell(environment) as terminal:
        yield terminal
