"""The hooks of pre-commit, run as a contributor's commit runs them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import ci_runners

# At least one file for each hook.
FILES = (
    ".ci/run",
    ".github/workflows/ci.yml",
    "changelog.d/test.fixed.md",
    "labs/swarm-basics/setup.sh",
    "runner/errors.py",
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Create a checkout of the current files, with the tools that make installs."""
    (tmp_path / ".venv").symlink_to(sys.prefix)
    (tmp_path / "changelog.d").mkdir()
    (tmp_path / "changelog.d" / "test.fixed.md").write_text("A fix for the test.\n", "utf-8")
    return ci_runners.create_checkout_repository(tmp_path)


def run_hooks(checkout: Path) -> tuple[int, dict[str, str]]:
    """Return the exit status, and the result of each hook by its name."""
    argv = [str(Path(sys.executable).with_name("pre-commit")), "run", "--color=never", "--files", *FILES]
    # The tools belong to another checkout, so they would check its labs.
    variables = {"PRE_COMMIT_HOME": str(checkout / ".git" / "hooks-cache"), "PYTHONPATH": str(checkout)}
    process = subprocess.run(
        argv, cwd=checkout, env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    return process.returncode, dict(re.findall(r"^(.+?)\.{3,}(Passed|Failed)$", process.stdout, re.M))


def test_hooks(checkout: Path) -> None:
    """Each hook runs and passes; the slow ones wait for a push."""
    status, results = run_hooks(checkout)
    assert {
        "Python style": "Passed",
        "Python format": "Passed",
        "shell scripts": "Passed",
        "labs": "Passed",
        "GitHub workflows": "Passed",
        "changelog fragments": "Passed",
    } == results
    assert 0 == status


def test_problems(checkout: Path) -> None:
    """Each hook finds a problem in its files."""
    (checkout / "runner" / "errors.py").write_text("x  = 1\n", "utf-8")
    (checkout / ".ci" / "run").write_text("#!/bin/sh\necho $1\n", "utf-8")
    (checkout / "labs" / "swarm-basics" / "lesson.md").write_text("", "utf-8")
    (checkout / ".github" / "workflows" / "ci.yml").write_text(
        "on: push\njobs: {a: {runs-on: x, steps: [{uses: a/b@v1}]}}\n", "utf-8"
    )
    (checkout / "changelog.d" / "test.unknown.md").write_text("", "utf-8")
    status, results = run_hooks(checkout)
    assert {} == {name: result for name, result in results.items() if result != "Failed"}
    assert 6 == len(results)
    assert 1 == status
