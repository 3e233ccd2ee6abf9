"""A node of the driver `docker`: a container, which is reached through commands that run in it."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import docker

from runner.drivers.common import attach, copy_archive
from runner.drivers.common.bounded_output import BoundedOutput
from runner.drivers.docker import host_engine
from runner.drivers.docker.exec import ExecSession
from runner.drivers.docker.framing import STDERR, STDOUT, HijackedStream, bridge_to_socket, read_frames
from runner.errors import HostError
from runner.nodes import docker_transport
from runner.nodes.driver_interface import ExecResult, NodeState, OutputCallback, ignore_output
from runner.nodes.topology import Role

# The keys that detach a terminal cannot be turned off, and the default, Ctrl-P Ctrl-Q, is for containers on the node.
# The engine holds back the first key until the next one is typed; in shells and editors, Ctrl-@ has no effect that is
# visible before then.
_DETACH_KEYS = ",".join(["ctrl-@", "ctrl-^", "ctrl-]", "ctrl-_"] * 3)


@dataclass(frozen=True, slots=True)
class DockerNode:
    """A container with its own Docker Engine."""

    name: str
    role: Role
    address: str
    state: NodeState
    container: str
    client: docker.DockerClient = field(repr=False, compare=False)

    def create_engine_client(self) -> docker.DockerClient:
        """Return a client of the node engine, connected by `docker system dial-stdio` in the container."""
        return docker_transport.create_client_over_streams(self.connect_engine_socket)

    def run_command(self, argv: Sequence[str], *, environment: Mapping[str, str] | None = None) -> ExecResult:
        """Run a command in the container, as root in its home folder, and collect its output."""
        api = self.client.api
        with self._explain_errors():
            command = api.exec_create(self.container, list(argv), environment=dict(environment or {}), workdir="/root")
            # Not the SDK's own reader: it reads from the bare socket and can lose data that arrived with the headers.
            response = api.post(
                api._url("/exec/{0}/start", command["Id"]), json={"Detach": False, "Tty": False}, stream=True
            )
            response.raise_for_status()
            output = BoundedOutput(self.name, argv[0])
            with response:
                for stream, payload in read_frames(lambda size: response.raw.read(size) or b""):
                    output.append_or_raise(stream, payload)
            status = api.exec_inspect(command["Id"])["ExitCode"]
        if status is None:
            raise HostError(f"{self.name} stopped while '{argv[0]}' ran on it.", "'labs status' shows its state.")
        return ExecResult(int(status), output.get_stream_content(STDOUT), output.get_stream_content(STDERR))

    def copy_files(self, source: Path, target: str) -> None:
        """Send the files as a tar archive."""
        with self._explain_errors():
            self.client.api.put_archive(self.container, "/", copy_archive.pack_files(source, target))

    def run_attached(self, argv: Sequence[str], on_output: OutputCallback = ignore_output) -> int:
        """Run a command as an exec that is attached to this process's standard streams."""
        is_terminal = attach.is_on_terminal()
        environment = attach.select_forwarded_variables(is_terminal)
        api = self.client.api
        with self._explain_errors():
            command = api.exec_create(
                self.container,
                list(argv),
                stdin=True,
                tty=is_terminal,
                environment=environment,
                workdir="/root",
                detach_keys=_DETACH_KEYS,
            )
            return attach.attach_session(ExecSession(api, command["Id"], is_terminal), is_terminal, on_output)

    def connect_engine_socket(self) -> socket.socket:
        """Open a stream to the node engine."""
        return self._open_stream(["docker", "--host", "unix:///run/docker.sock", "system", "dial-stdio"])

    def connect_port_socket(self, port: int) -> socket.socket:
        """Open a stream to a TCP port of the container's loopback interface."""
        return self._open_stream(["socat", "-t3600", "-", f"TCP:127.0.0.1:{port}"])

    def read_log_tail(self, lines: int = 40) -> str:
        """Return the last lines of the container's log."""
        with self._explain_errors():
            return str(self.client.api.logs(self.container, tail=lines).decode("utf-8", "replace"))

    def _open_stream(self, argv: list[str]) -> socket.socket:
        api = self.client.api
        with self._explain_errors():
            command = api.exec_create(self.container, argv, stdin=True)
            return bridge_to_socket(HijackedStream(api.exec_start(command["Id"], socket=True)))

    def _explain_errors(self) -> AbstractContextManager[None]:
        return host_engine.translate_engine_errors(f"reaching {self.name}")
