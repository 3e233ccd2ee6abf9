"""What the tests share: small labs in a folder, a node that is this machine, and the command line run for real."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
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

CHECKOUT = Path(__file__).parent.parent
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
# A node's own folders, wherever a script names them; everything else is this machine's.
_NODE_FOLDERS = re.compile(r"(?<![\w.-])/(?=(?:root|var/lib/labs)\b)")


@dataclass(frozen=True, slots=True)
class LocalNode:
    """A node that is this machine: its commands run here, and its own folders lie in `disk`."""

    disk: Path
    name: str = "node1"
    role: Role = Role.MANAGER
    address: str = "127.0.0.1"
    state: NodeState = NodeState.RUNNING

    @property
    def home(self) -> Path:
        """Where its commands run; `/root` to them."""
        path = self.disk / "root"
        path.mkdir(parents=True, exist_ok=True)
        return path

    def create_client(self) -> Any:
        """Refuse, for there is no engine."""
        raise HostError(f"{self.name} has no engine.", "Use a real node.")

    def run_command(self, argv: Sequence[str], *, environment: Mapping[str, str] | None = None) -> ExecResult:
        """Run a command in the node's home."""
        words = [_NODE_FOLDERS.sub(f"{self.disk}/", word) for word in argv]
        given = {**os.environ, "HOME": str(self.home), **(environment or {})}
        done = subprocess.run(words, cwd=self.home, env=given, capture_output=True, check=False)
        return ExecResult(done.returncode, done.stdout, done.stderr)

    def copy_files(self, source: Path, target: str) -> None:
        """Copy with cp."""
        folder = self.disk / target.lstrip("/")
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-r", f"{source}/." if source.is_dir() else source, folder], check=True)

    def run_attached(self, argv: Sequence[str], on_output: OutputCallback = ignore_output) -> int:
        """Run a command on our own streams."""
        return subprocess.run(argv, cwd=self.home, check=False).returncode

    def connect_engine(self) -> socket.socket:
        """Connect to the socket that stands for the engine's."""
        made = socket.socket(socket.AF_UNIX)
        made.connect(str(self.disk / "docker.sock"))
        return made

    def connect_port(self, port: int) -> socket.socket:
        """Connect to a port of this machine."""
        return socket.create_connection((self.address, port))

    def read_log(self, lines: int = 40) -> str:
        """Return what a real one would have said while it booted."""
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
        root: The tree.
        lesson: The whole `lesson.md`.
        checks: The file of its checks; none if empty.
        name: The lab's name.
        setup: The content of `setup.sh`.
        wrong: Near misses by file name.

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
    # Another test's checks of the same name would be taken for these.
    sys.modules.pop(module, None)
    return folder


def make_lab(root: Path, lesson: str, **more: Any) -> Lab:
    """Write a lab as `write_lab` does, and read it."""
    return parse.parse_lab(write_lab(root, lesson, **more))


def isolate_environment(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Keep logs, locks, caches and sockets in a folder of the test's own, and the labs too."""
    for name, value in build_isolated_variables(folder).items():
        patch.setenv(name, value)
    # Commands that a test starts do not get these from whoever runs it, so the test itself must not have them either.
    for name in ("LABS_PROJECT", "LABS_DRIVER"):
        patch.delenv(name, raising=False)


def build_isolated_variables(folder: Path) -> dict[str, str]:
    """Return the variables that lead everything of ours into `folder`, and to no engine."""
    below = {f"XDG_{kind}": str(folder / kind.lower()) for kind in ("STATE_HOME", "CACHE_HOME", "RUNTIME_DIR")}
    return {"HOME": str(folder), "LABS_ROOT": str(folder), "DOCKER_HOST": NO_ENGINE, **below}


def build_environment(folder: Path, **more: str) -> dict[str, str]:
    """Return the whole environment of a `labs` command whose world is `folder`."""
    kept = {"PATH": os.environ["PATH"], "PYTHONPATH": str(CHECKOUT), "COLUMNS": "100", "LANG": "C.UTF-8"}
    return {**kept, **build_isolated_variables(folder), **more}


def run_labs(folder: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the `labs` command in a folder that holds all it may see.

    Args:
        folder: Home, `LABS_ROOT` and working directory.
        words: The command line.
        more: Further environment variables.

    """
    return run_python(folder, "-m", "runner", *words, **more)


def run_python(folder: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run this Python in the same way."""
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=build_environment(folder, **more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def count_calls(action: Callable[[], object]) -> int:
    """Return how many functions an action calls, Python's own included: its work, on whatever machine."""
    calls = 0

    def count(_frame: FrameType, event: str, _about: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        action()
    finally:
        sys.setprofile(None)
    return calls


def write_script(folder: Path, name: str, text: str) -> Path:
    """Write an executable shell script into a folder, which is made if missing."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}", "utf-8")
    path.chmod(0o755)
    return path


def read_golden_cases(file: Path) -> list[tuple[str, str, str]]:
    """Read golden cases: a title, then input and expected output, each ended by a line that is only a dot."""
    pieces = re.split(r"^\.\n", file.read_text("utf-8"), flags=re.MULTILINE)
    assert len(pieces) % 3 == 1, f"{file}: a case has a title and three lines that are only a dot"
    return [(pieces[at].strip(), pieces[at + 1], pieces[at + 2]) for at in range(0, len(pieces) - 1, 3)]
