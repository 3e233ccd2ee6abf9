"""What all tests share: the command line as a user runs it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.terminal import Terminal

LabsRunner = Callable[..., subprocess.CompletedProcess[str]]
LABS_TREE = Path(__file__).parent / "tree"
CHECKOUT = Path(__file__).parent.parent


def pytest_configure() -> None:
    """Heed Ctrl-C, and let what we start heed a closed window.

    A shell that has started us in the background lets us, and all that we start, ignore the one; `nohup` the other.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        # Unlike one that is ignored, one that is handled is not handed on.
        signal.signal(signal.SIGHUP, lambda *_: None)


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Have an environment in which `labs` shares nothing with this user's own clusters but the images."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("LABS_")}
    own |= {
        "LABS_PROJECT": f"labs-test-{os.getpid()}",
        "LABS_ROOT": str(LABS_TREE),
        # Whichever else could serve here must not step in for what a test is about.
        "LABS_DRIVER": "docker",
        "PYTHONPATH": str(CHECKOUT),
        "XDG_STATE_HOME": str(tmp_path_factory.mktemp("state")),
        "COLUMNS": "200",
    }
    own.pop("XDG_RUNTIME_DIR", None)
    yield own
    # Not before the last test: the store of the nodes' images, which takes long to fill, is one for all of them.
    make_labs_runner(own)("rm", "--all")


def make_labs_runner(environment: dict[str, str]) -> LabsRunner:
    """Return a function that runs `labs` in an environment and waits for its end."""

    def run(*argv: str, **options: object) -> subprocess.CompletedProcess[str]:
        given = {**environment, **options.pop("env", {})}  # type: ignore[dict-item]
        options.setdefault("timeout", 600)
        command = [sys.executable, "-m", "runner", *argv]
        return subprocess.run(  # type: ignore[call-overload, no-any-return]
            command, env=given, capture_output=True, text=True, check=False, **options
        )

    return run


@pytest.fixture(scope="session")
def labs(environment: dict[str, str]) -> LabsRunner:
    """Return what runs `labs` for the tests."""
    return make_labs_runner(environment)


@pytest.fixture
def shell(environment: dict[str, str]) -> Iterator[Terminal]:
    """Have `labs shell node2` on a terminal, its prompt shown."""
    terminal = Terminal([sys.executable, "-m", "runner", "shell", "node2"], {**environment, "NO_COLOR": "1"})
    terminal.read_until("] ~ ")
    yield terminal
    terminal.close()
