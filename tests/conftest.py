"""Fixtures for all tests: an isolated environment, and `labs` commands that run as a user runs them."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.drivers.docker import project_lock
from tests.support.helpers import CHECKOUT
from tests.support.labs_command import LABS_TREE, LabsRunner, make_labs_runner, remove_project

HERE = Path(__file__).parent


def pytest_configure() -> None:
    """Restore the default handling of SIGINT and SIGHUP in this process and its children.

    A shell ignores SIGINT in background processes, `nohup` ignores SIGHUP, and child processes inherit both.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        # Child processes inherit an ignored signal, but not one with a handler.
        signal.signal(signal.SIGHUP, lambda *_: None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the integration tests with the name of their folder, which says what they need."""
    for item in items:
        parts = item.path.relative_to(HERE).parts
        if parts[0] == "integration":
            item.add_marker(parts[1])


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Yield environment variables that isolate `labs` from the user's own clusters; only the images are shared."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("LABS_")}
    variables |= {
        "LABS_PROJECT": f"labs-test-{os.getpid()}",
        "LABS_ROOT": str(LABS_TREE),
        # Without this variable, labs could choose a driver that the test is not about.
        "LABS_DRIVER": "docker",
        "PYTHONPATH": str(CHECKOUT),
        "XDG_STATE_HOME": str(tmp_path_factory.mktemp("state")),
        "COLUMNS": "200",
    }
    variables.pop("XDG_RUNTIME_DIR", None)
    # The lock prevents another test run that ends now from removing the layer cache between two tests that use it.
    with project_lock.acquire_project_lock(variables["LABS_PROJECT"]):
        yield variables
    # Clean up only after the last test: all tests share the layer cache, and filling it is slow.
    remove_project(variables, variables["LABS_PROJECT"])


@pytest.fixture(scope="session")
def labs(environment: dict[str, str]) -> LabsRunner:
    """Return a function that runs `labs` in the tests' environment."""
    return make_labs_runner(environment)


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """Yield an empty folder whose path is short enough for sockets; on macOS, temporary folders have long paths."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        yield Path(name)
