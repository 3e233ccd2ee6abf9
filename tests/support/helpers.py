"""Helpers for all tests: small labs, a node that runs commands on this host, and isolated `labs` commands."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from runner.errors import HostError
from runner.lessons import parse
from runner.lessons.model import Lab
from runner.nodes.driver_interface import Cluster, ClusterId, ExecResult, NodeState, OutputCallback, ignore_output
from runner.nodes.topology import Role

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
# The folders that each node has for itself; all other paths in a command refer to this host.
_NODE_FOLDERS = re.compile(r"(?<![\w.-])/(?=(?:root|var/lib/labs)\b)")


@dataclass(frozen=True, slots=True)
class LocalNode:
    """A fake node that runs commands on this host, and keeps its own folders in `disk`."""

    disk: Path
    name: str = "node1"
    role: Role = Role.MANAGER
    address: str = "127.0.0.1"
    state: NodeState = NodeState.RUNNING

    @property
    def home(self) -> Path:
        """The working directory of its commands, which is /root to them."""
        path = self.disk / "root"
        path.mkdir(parents=True, exist_ok=True)
        return path

    def create_engine_client(self) -> Any:
        """Raise an error: this node has no engine."""
        raise HostError(f"{self.name} has no engine.", "Use a real node.")

    def run_command(self, argv: Sequence[str], *, environment: Mapping[str, str] | None = None) -> ExecResult:
        """Run a command in the node's home; skip the test if this host lacks a program that only Linux has."""
        if argv[0] == "timeout" and not shutil.which("timeout"):
            pytest.skip("this host has no GNU timeout, with which labs runs scripts on nodes")
        arguments = [_NODE_FOLDERS.sub(f"{self.disk}/", argument) for argument in argv]
        variables = {**os.environ, "HOME": str(self.home), **(environment or {})}
        result = subprocess.run(arguments, cwd=self.home, env=variables, capture_output=True, check=False)
        return ExecResult(result.returncode, result.stdout, result.stderr)

    def copy_files(self, source: Path, target: str) -> None:
        """Copy a file or folder into the node with cp."""
        folder = self.disk / target.lstrip("/")
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-r", f"{source}/." if source.is_dir() else source, folder], check=True)

    def run_attached(self, argv: Sequence[str], on_output: OutputCallback = ignore_output) -> int:
        """Run a command with the standard streams of this process."""
        return subprocess.run(argv, cwd=self.home, check=False).returncode

    def connect_engine_socket(self) -> socket.socket:
        """Connect to the socket that a test provides in place of the engine's."""
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(self.disk / "docker.sock"))
        return connection

    def connect_port_socket(self, port: int) -> socket.socket:
        """Connect to a port of this host."""
        return socket.create_connection((self.address, port))

    def read_log_tail(self, lines: int = 40) -> str:
        """Return a fake boot log."""
        return "".join(f"line {number}\n" for number in range(lines))


def make_local_cluster(folder: Path, *names: str, lab: str = "tiny") -> Cluster:
    """Return a running cluster of local nodes, each with a disk in `folder`."""
    nodes = tuple(LocalNode(folder / "disks" / name, name) for name in names or ("node1",))
    return Cluster(ClusterId(lab), "local", nodes, is_complete=True)


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
    for name in ("LABS_PROJECT", "LABS_DRIVER"):
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
