"""Helpers for all tests: small labs on disk, and isolated environments and `labs` commands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from runner.lessons import parse
from runner.lessons.model import Lab

CHECKOUT = Path(__file__).parents[2]
# Builds the site of a lesson, and returns its text files by path.
Pages = Callable[..., Mapping[str, str]]
NO_ENGINE = "unix:///nonexistent.sock"
FRONT_MATTER = """\
---
title: Tiny
summary: A lab for tests.
level: beginner
minutes: 5
topology: {nodes: [{name: node1, role: manager}]}
images: []
---
"""


def write_lab(
    root: Path,
    lesson: str,
    *,
    checks: str = "",
    name: str = "tiny",
    setup: str = "",
    wrong: Mapping[str, str] | None = None,
) -> Path:
    """Write a lab and its checks below a `LABS_ROOT`, and return the lab's folder.

    Args:
        root: The folder that contains `labs/` and `checks/`.
        lesson: The content of `lesson.md`.
        checks: The content of the file with its checks; there is no such file if empty.
        name: The lab's name.
        setup: The content of `setup.sh`.
        wrong: The contents of near misses by file name.

    """
    files = {"lesson.md": lesson, "setup.sh": setup} | {f"wrong/{file}": text for file, text in (wrong or {}).items()}
    folder = root / "labs" / name
    for file, text in files.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    module = f"test_{name.replace('-', '_')}"
    if checks:
        (root / "checks").mkdir(exist_ok=True)
        (root / "checks" / f"{module}.py").write_text(checks, "utf-8")
    # Otherwise Python would use the checks with the same module name from an earlier test.
    sys.modules.pop(module, None)
    return folder


def make_lab(root: Path, lesson: str, **options: Any) -> Lab:
    """Write a lab like `write_lab`, and return it parsed."""
    return parse.parse_lab(write_lab(root, lesson, **options))


def isolate_environment(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Set environment variables so that labs, logs, locks, caches and sockets are in the test's folder."""
    for name, value in build_isolated_variables(folder).items():
        monkeypatch.setenv(name, value)
    # Subprocesses of a test do not inherit these variables from the user, so the test itself must not see them either.
    for name in ("LABS_PROJECT", "LABS_DRIVER", "LABS_SUBNET", "LABS_NODE_PROXY"):
        monkeypatch.delenv(name, raising=False)


def build_isolated_variables(folder: Path) -> dict[str, str]:
    """Return environment variables that keep all files of labs in `folder` and point to no Docker Engine."""
    folders = {f"XDG_{name}": str(folder / name.lower()) for name in ("STATE_HOME", "CACHE_HOME", "RUNTIME_DIR")}
    return {"HOME": str(folder), "LABS_ROOT": str(folder), "DOCKER_HOST": NO_ENGINE, **folders}


def build_environment(folder: Path, **variables: str) -> dict[str, str]:
    """Return the complete environment of a `labs` command that keeps all its files in `folder`."""
    fixed = {"PATH": os.environ["PATH"], "PYTHONPATH": str(CHECKOUT), "COLUMNS": "100", "LANG": "C.UTF-8"}
    # With these, `make coverage` measures the command too.
    coverage = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_PROCESS_")}
    return {**fixed, **coverage, **build_isolated_variables(folder), **variables}


def run_labs(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a `labs` command in an isolated folder.

    Args:
        folder: Its home, `LABS_ROOT` and working directory.
        arguments: The arguments of `labs`.
        variables: Additional environment variables.

    """
    return run_python(folder, "-m", "runner", *arguments, **variables)


def run_python(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run this Python interpreter in an isolated folder, like `run_labs`."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=build_environment(folder, **variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def count_calls(action: Callable[[], object]) -> int:
    """Return how many functions an action calls, including built-in ones; unlike time, it is the same on every host."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        action()
    finally:
        sys.setprofile(None)
    return calls


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until a condition is true; fail the test if that takes too long."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"the condition is still false after {seconds} s"
        time.sleep(0.1)


def write_script(folder: Path, name: str, text: str) -> Path:
    """Write an executable shell script into a folder, and create the folder if it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}", "utf-8")
    path.chmod(0o755)
    return path


def read_golden_cases(file: Path) -> list[tuple[str, str, str]]:
    """Read golden cases: a title, then input and expected output, each followed by a line with only a dot."""
    sections = re.split(r"^\.\n", file.read_text("utf-8"), flags=re.MULTILINE)
    assert len(sections) % 3 == 1, f"{file}: each case needs a title and three lines with only a dot"
    starts = range(0, len(sections) - 1, 3)
    return [(sections[start].strip(), sections[start + 1], sections[start + 2]) for start in starts]


def select_html_pages(files: dict[str, bytes]) -> dict[str, str]:
    """Return the HTML pages among some files, by path."""
    return {path: data.decode() for path, data in files.items() if path.endswith(".html")}
