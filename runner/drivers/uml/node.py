"""A node of the driver `uml`: a machine, reached through its cluster's supervisor."""

from __future__ import annotations

import contextlib
import os
import re
import select
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runner.drivers.common import attach, copy_archive
from runner.drivers.common.bounded_output import Output
from runner.drivers.uml.vm import cluster_state, supervisor_client
from runner.drivers.uml.vm.agent_client import From, NoAgentError, Session, To
from runner.drivers.uml.vm.cluster_state import State
from runner.errors import HostError, LabsError
from runner.nodes import docker_transport
from runner.nodes.driver_interface import ExecResult, NodeState, OutputCallback, ignore_output
from runner.nodes.topology import Role

if TYPE_CHECKING:
    from docker import DockerClient

_CHUNK = 1 << 20
_STATUS = re.compile(rb"[0-9]{1,3}")
_LINE = 500
# The agent gives dockerd and containerd 15 s each.
_HALT_SECONDS = 40


@dataclass(frozen=True, slots=True)
class UmlNode:
    """A machine with an engine of its own."""

    name: str
    role: Role
    address: str
    state: NodeState
    folder: Path

    def create_client(self) -> DockerClient:
        """Return a client of the machine's engine."""
        return docker_transport.connect_client(self.connect_engine)

    def run_command(self, argv: Sequence[str], *, environment: Mapping[str, str] | None = None) -> ExecResult:
        """Run a command as root in its home folder."""
        return self._run(argv, environment or {}, b"")

    def copy_files(self, source: Path, target: str) -> None:
        """Send the files as a tar archive."""
        done = self._run(["tar", "--extract", "--file=-", "--directory=/"], {}, copy_archive.of(source, target))
        if done.exit_status:
            raise HostError(f"{self.name} could not take {source}.", "'labs status' shows its state.", done.error_text)

    def run_attached(self, argv: Sequence[str], on_output: OutputCallback = ignore_output) -> int:
        """Run a command on our own standard streams."""
        is_terminal = attach.is_ours()
        with self._reaching():
            what = "terminal" if is_terminal else "run"
            session = self._session(what, argv, attach.environment(is_terminal), attach.size())
            return attach.join(_Attached(session, supervisor_client.watch(self.folder)), is_terminal, on_output)

    def connect_engine(self) -> socket.socket:
        """Open a connection to the machine's engine."""
        with self._reaching():
            return supervisor_client.connect(self.folder, self.name, cluster_state.ENGINE_PORT)

    def connect_port(self, port: int) -> socket.socket:
        """Open a connection to a TCP port of the machine's loopback interface."""
        with self._reaching():
            session = self._session("connect", [str(port)])
            answer = session.first()
            if not answer or answer[0] != From.STATUS:
                session.close()
                raise ConnectionRefusedError(f"nothing listens on port {port}")
            return session.detach()

    def read_log(self, lines: int = 40) -> str:
        """Return the last lines of the machine's console."""
        try:
            text = cluster_state.log_of(self.folder, self.name).read_text("utf-8", "replace")
        except OSError:
            return ""
        return "\n".join(line[:_LINE] for line in text.splitlines()[-lines:])

    def halt(self) -> None:
        """Let the engine put its state in order, then the machine power itself off; returns once it is down.

        Raises:
            HostError: It did not go down in time.

        """
        deadline = time.monotonic() + _HALT_SECONDS
        with self._reaching(), contextlib.closing(self._session("shutdown")):
            while supervisor_client.ask(self.folder, ask="states")[self.name] != State.DOWN:
                if time.monotonic() > deadline:
                    raise HostError(f"{self.name} does not shut down.", "'labs rm' removes it in any state.")
                time.sleep(0.05)

    def _run(self, argv: Sequence[str], environment: Mapping[str, str], given: bytes) -> ExecResult:
        attached = None
        output = Output(self.name, argv[0])
        with self._reaching():
            session = self._session("run", argv, environment)
            attached = _Attached(session, supervisor_client.watch(self.folder))
            with contextlib.closing(attached), _until_it_goes():
                for start in range(0, len(given), _CHUNK):
                    attached.send(given[start : start + _CHUNK])
                attached.end_input()
                while (came := attached.receive()) is not None:
                    for stream, data in came:
                        output.add(stream, data)
        status = attached.status()
        if status is None:
            advice = "'labs status' shows its state."
            raise HostError(f"{self.name} went away while it ran '{argv[0]}'.", advice, self.read_log())
        return ExecResult(status, output.of(attach.OUTPUT), output.of(attach.ERROR))

    def _session(
        self,
        what: str,
        words: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        size: tuple[int, int] = (24, 80),
    ) -> Session:
        connection = supervisor_client.connect(self.folder, self.name, cluster_state.AGENT_PORT)
        return Session(connection, what, words, environment, size)

    @contextlib.contextmanager
    def _reaching(self) -> Iterator[None]:
        try:
            yield
        except LabsError:
            raise
        except OSError as error:
            raise HostError(f"{self.name} cannot be reached: {error}.", "'labs status' shows its state.") from error


@contextlib.contextmanager
def _until_it_goes() -> Iterator[None]:
    """Let a machine that goes away meanwhile be told by what has not come, unless it is something else that answers."""
    try:
        yield
    except NoAgentError:
        raise
    except ConnectionError:
        return


class _Attached:
    """An agent's session, as `terminal` wants it.

    Args:
        session: The session.
        supervisor: A descriptor that is readable once the supervisor has ended, as `control.watch` returns it. The
            connection to a machine outlives it, and tells nothing.

    """

    has_early = False

    def __init__(self, session: Session, supervisor: int) -> None:
        self._session = session
        self._supervisor = supervisor
        self._ready = select.epoll()
        for source in (session, supervisor):
            self._ready.register(source, select.EPOLLIN)
        self._status: int | None = None

    def fileno(self) -> int:
        return self._ready.fileno()

    def receive(self) -> list[tuple[int, bytes]] | None:
        if self._status is not None:
            return None
        frames = self._frames()
        for kind, data in frames or ():
            if kind == From.STATUS:
                if not _STATUS.fullmatch(data):
                    raise NoAgentError("its agent tells no exit status")
                self._status = int(data)
        if frames is None:
            return None
        came = [(kind, data) for kind, data in frames if kind != From.STATUS]
        return came if came or self._status is None else None

    def _frames(self) -> list[tuple[int, bytes]] | None:
        if self._session.fileno() not in dict(self._ready.poll()):
            return None
        try:
            return self._session.receive()
        except NoAgentError:
            raise
        except ConnectionError:
            return None

    def send(self, data: bytes) -> None:
        self._session.send(To.INPUT, data)

    def end_input(self) -> None:
        self._session.send(To.END)

    def resize(self, rows: int, columns: int) -> None:
        self._session.send(To.SIZE, f"{rows} {columns}".encode())

    def status(self) -> int | None:
        return self._status

    def close(self) -> None:
        self._ready.close()
        os.close(self._supervisor)
        self._session.close()
