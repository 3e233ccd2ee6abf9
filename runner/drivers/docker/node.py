"""A node of the driver `docker`: a container, reached by commands run in it."""

from __future__ import annotations

import io
import os
import socket
import sys
import tarfile
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import docker

from runner.clusters import dial
from runner.clusters.driver import Completed, NodeState
from runner.drivers.docker import engine, terminal
from runner.drivers.docker.streams import STDERR, STDOUT, Hijacked, as_socket, frames
from runner.errors import UnfitError
from runner.lessons.model import Role


@dataclass(frozen=True, slots=True)
class DockerNode:
    """A container with an engine inside."""

    name: str
    role: Role
    address: str
    state: NodeState
    container: str
    client: docker.DockerClient = field(repr=False, compare=False)

    def api(self) -> docker.DockerClient:
        """Return a client of the engine inside, over `docker system dial-stdio`."""
        return dial.client(self.connect_engine)

    def run(self, argv: Sequence[str], *, environment: Mapping[str, str] | None = None) -> Completed:
        """Run a command in the container, as root in its home folder."""
        api = self.client.api
        with self._reaching():
            made = api.exec_create(self.container, list(argv), environment=dict(environment or {}), workdir="/root")
            # Not the SDK's reader: it takes the bare socket and can lose what came together with the headers.
            answer = api.post(
                api._url("/exec/{0}/start", made["Id"]), json={"Detach": False, "Tty": False}, stream=True
            )
            answer.raise_for_status()
            output: dict[int, bytearray] = {STDOUT: bytearray(), STDERR: bytearray()}
            with answer:
                for stream, payload in frames(lambda size: answer.raw.read(size) or b""):
                    output[stream] += payload
            status = api.exec_inspect(made["Id"])["ExitCode"]
        if status is None:
            raise UnfitError(f"{self.name} went away while it ran '{argv[0]}'.", "'labs status' shows its state.")
        return Completed(int(status), bytes(output[STDOUT]), bytes(output[STDERR]))

    def copy_in(self, source: Path, target: str) -> None:
        """Send the files as a tar archive."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            archive.addfile(_folder_entry(target))
            if source.is_dir():
                for path in sorted(source.rglob("*")):
                    archive.add(path, f"{target.lstrip('/')}/{path.relative_to(source)}", False, filter=_as_root)
            else:
                archive.add(source, f"{target.lstrip('/')}/{source.name}", filter=_as_root)
        with self._reaching():
            self.client.api.put_archive(self.container, "/", buffer.getvalue())

    def attach(self, argv: Sequence[str]) -> int:
        """Run a command on our own standard streams."""
        is_terminal = sys.stdin.isatty() and sys.stdout.isatty()
        passed_on = ("TERM", "NO_COLOR") if is_terminal else ("NO_COLOR",)
        environment = {name: os.environ[name] for name in passed_on if name in os.environ}
        api = self.client.api
        with self._reaching():
            made = api.exec_create(
                self.container, list(argv), stdin=True, tty=is_terminal, environment=environment, workdir="/root"
            )
            return terminal.join(api, made["Id"], is_terminal)

    def connect_engine(self) -> socket.socket:
        """Open a stream to the engine inside."""
        return self._stream(["docker", "--host", "unix:///run/docker.sock", "system", "dial-stdio"])

    def connect_port(self, port: int) -> socket.socket:
        """Open a stream to a TCP port of the container's loopback interface."""
        return self._stream(["socat", "-t3600", "-", f"TCP:127.0.0.1:{port}"])

    def log(self, lines: int = 40) -> str:
        """Return the container's last lines."""
        with self._reaching():
            return str(self.client.api.logs(self.container, tail=lines).decode("utf-8", "replace"))

    def _stream(self, argv: list[str]) -> socket.socket:
        api = self.client.api
        with self._reaching():
            made = api.exec_create(self.container, argv, stdin=True)
            return as_socket(Hijacked(api.exec_start(made["Id"], socket=True)))

    def _reaching(self) -> AbstractContextManager[None]:
        return engine.explained(f"reaching {self.name}")


def _folder_entry(target: str) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(target.lstrip("/"))
    entry.type = tarfile.DIRTYPE
    entry.mode = 0o755
    return entry


def _as_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    return entry
