"""Nodes that run commands on this host, for tests that need no real nodes."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from runner.errors import HostError
from runner.nodes.driver_interface import Cluster, ClusterId, ExecResult, NodeState, OutputCallback, ignore_output
from runner.nodes.topology import Role

# The folders that each node has for itself; all other paths in a command refer to this host.
_NODE_FOLDERS = re.compile(r"(?<![\w.-])/(?=(?:root|var/lib/labs|run/labs)\b)")


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
        (self.disk / "run").mkdir(exist_ok=True)
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
