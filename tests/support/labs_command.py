"""Run the `labs` command as a user runs it, on the labs that only tests use."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

from tests.support.helpers import CHECKOUT

LabsRunner = Callable[..., subprocess.CompletedProcess[str]]
LABS_TREE = CHECKOUT / "tests" / "tree"


def remove_project(environment: dict[str, str], project: str) -> None:
    """Remove everything that a project has on the engine, including its layer cache."""
    labs = make_labs_runner(environment)
    labs("rm", "--all", env={"LABS_PROJECT": project})
    # A command removes the layer caches of dead projects, but keeps the layer cache of its own project.
    labs("rm", "--all", env={"LABS_PROJECT": "labs-test-cleanup"})


def make_labs_runner(environment: dict[str, str]) -> LabsRunner:
    """Return a function that runs `labs` with environment variables and waits until it exits."""

    def run(*argv: str, **options: object) -> subprocess.CompletedProcess[str]:
        variables = {**environment, **options.pop("env", {})}  # type: ignore[dict-item]
        options.setdefault("timeout", 600)
        command = [sys.executable, "-m", "runner", *argv]
        return subprocess.run(  # type: ignore[call-overload, no-any-return]
            command, env=variables, capture_output=True, text=True, check=False, **options
        )

    return run
