"""A node of the driver `uml`: a VM, which is reached through its cluster's supervisor."""

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
from runner.drivers.common.bounded_output import BoundedOutput
from runner.drivers.uml.vm import cluster_state, supervisor_client
from runner.drivers.uml.vm.agent_client import AgentProtocolError, AgentSession, RequestFrameType, ResponseFrameType
from runner.drivers.uml.vm.cluster_state import VmState
from runner.errors import HostError, LabsError
from runner.nodes import docker_transport
from runner.nodes.driver_interface import ExecResult, NodeState, OutputCallback, ignore_output
from runner.nodes.topology import Role

if TYPE_CHECKING:
    from docker import DockerClient

_CHUNK = 1 << 20
_EXIT_STATUS = re.compile(rb"[0-9]{1,3}")
# The agent gives dockerd and containerd 15 s each to stop.
_SHUTDOWN_SECONDS = 40


@dataclass(frozen=True, slots=True)
class UmlNode:
    """A VM with its own Docker Engine."""

    name: str
    role: Role
    address: str
    state: NodeState
    folder: Path

    def create_engine_client(self) -> DockerClient:
        """Return a client of the node engine."""
        return docker_transport.create_client_over_streams(self.connect_engine_socket)

    def run_command(self, argv: Sequence[str], *, environment: Mapping[str, str] | None = None) -> ExecResult:
        """Run a command as root in its home directory."""
        return self._run_command(argv, environment or {}, b"")

    def copy_files(self, source: Path, target: str) -> None:
        """Send the files as a tar archive to a `tar` on the node."""
        command = ["tar", "--extract", "--file=-", "--directory=/"]
        result = self._run_command(command, {}, copy_archive.pack_files(source, target))
        if result.exit_status:
            raise HostError(
                f"{source} could not be copied to {self.name}.", "'labs status' shows its state.", result.stderr_text
            )

    def run_attached(self, argv: Sequence[str], on_output: OutputCallback = ignore_output) -> int:
        """Run a command attached to this process's standard streams."""
        is_terminal = attach.is_on_terminal()
        with self._explain_errors():
            action = "terminal" if is_terminal else "run"
            environment = attach.select_forwarded_variables(is_terminal)
            session = self._open_session(action, argv, environment, attach.get_terminal_size())
            return attach.attach_session(_open_attached(session, self.folder), is_terminal, on_output)

    def connect_engine_socket(self) -> socket.socket:
        """Open a connection to the node engine."""
        with self._explain_errors():
            return supervisor_client.connect_vm_port(self.folder, self.name, cluster_state.ENGINE_PORT)

    def connect_port_socket(self, port: int) -> socket.socket:
        """Open a connection to a TCP port of the VM's loopback interface."""
        with self._explain_errors():
            session = self._open_session("connect", [str(port)])
            frame = session.receive_first_frame()
            if not frame or frame[0] != ResponseFrameType.STATUS:
                session.close()
                raise ConnectionRefusedError(f"nothing listens on port {port}")
            return session.detach_connection()

    def read_log_tail(self, lines: int = 40) -> str:
        """Return the last lines of the VM's console."""
        return cluster_state.read_log_tail(self.folder, self.name, lines)

    def shut_down(self) -> None:
        """Stop the node engine in an orderly way, power the VM off, and wait until it is down.

        Raises:
            HostError: It did not power off in time.

        """
        deadline = time.monotonic() + _SHUTDOWN_SECONDS
        with self._explain_errors(), contextlib.closing(self._open_session("shutdown")):
            while supervisor_client.send_request(self.folder, request="list_states")[self.name] != VmState.DOWN:
                if time.monotonic() > deadline:
                    raise HostError(f"{self.name} does not shut down.", "'labs rm' removes it in any state.")
                time.sleep(0.05)

    def _run_command(self, argv: Sequence[str], environment: Mapping[str, str], stdin: bytes) -> ExecResult:
        output = BoundedOutput(self.name, argv[0])
        with self._explain_errors():
            attached = _open_attached(self._open_session("run", argv, environment), self.folder)
            with contextlib.closing(attached), _ignore_lost_connection():
                for start in range(0, len(stdin), _CHUNK):
                    attached.send_input(stdin[start : start + _CHUNK])
                attached.end_input()
                while (chunks := attached.receive_output()) is not None:
                    for stream, data in chunks:
                        output.append_or_raise(stream, data)
        status = attached.get_exit_status()
        if status is None:
            raise HostError(
                f"{self.name} stopped while '{argv[0]}' ran on it.",
                "'labs status' shows its state.",
                self.read_log_tail(),
            )
        return ExecResult(status, output.get_stream_content(attach.STDOUT), output.get_stream_content(attach.STDERR))

    def _open_session(
        self,
        action: str,
        arguments: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        size: tuple[int, int] = (24, 80),
    ) -> AgentSession:
        connection = supervisor_client.connect_vm_port(self.folder, self.name, cluster_state.AGENT_PORT)
        return AgentSession(connection, action, arguments, environment, size)

    @contextlib.contextmanager
    def _explain_errors(self) -> Iterator[None]:
        try:
            yield
        except LabsError:
            raise
        except OSError as error:
            raise HostError(f"{self.name} cannot be reached: {error}.", "'labs status' shows its state.") from error


@contextlib.contextmanager
def _ignore_lost_connection() -> Iterator[None]:
    """Ignore a lost connection to a VM, which shows as a missing exit status, but not a violation of the protocol."""
    try:
        yield
    except AgentProtocolError:
        raise
    except ConnectionError:
        return


def _open_attached(session: AgentSession, folder: Path) -> _AttachedAgentSession:
    return _AttachedAgentSession(session, supervisor_client.open_supervisor_pidfd(folder))


class _AttachedAgentSession:
    """An agent's session with the interface that `attach` needs.

    Args:
        session: The session.
        supervisor_exit: A descriptor that is readable once the supervisor has exited, from `open_supervisor_pidfd`.
            The connection to the VM would stay open then, with no sign that the VM is gone.

    """

    has_buffered_output = False

    def __init__(self, session: AgentSession, supervisor_exit: int) -> None:
        self._session = session
        self._supervisor_exit = supervisor_exit
        self._poll = select.epoll()
        for source in (session, supervisor_exit):
            self._poll.register(source, select.EPOLLIN)
        self._exit_status: int | None = None

    def fileno(self) -> int:
        return self._poll.fileno()

    def receive_output(self) -> list[tuple[int, bytes]] | None:
        if self._exit_status is not None:
            return None
        frames = self._receive_frames()
        if frames is None:
            return None
        for frame_type, data in frames:
            if frame_type == ResponseFrameType.STATUS:
                if not _EXIT_STATUS.fullmatch(data):
                    raise AgentProtocolError("its agent sent an invalid exit status")
                self._exit_status = int(data)
        output = [(frame_type, data) for frame_type, data in frames if frame_type != ResponseFrameType.STATUS]
        return output if output or self._exit_status is None else None

    def _receive_frames(self) -> list[tuple[int, bytes]] | None:
        if self._session.fileno() not in dict(self._poll.poll()):
            return None
        try:
            return self._session.receive_frames()
        except AgentProtocolError:
            raise
        except ConnectionError:
            return None

    def send_input(self, data: bytes) -> None:
        self._session.send_frame(RequestFrameType.INPUT, data)

    def end_input(self) -> None:
        self._session.send_frame(RequestFrameType.END)

    def resize_terminal(self, rows: int, columns: int) -> None:
        self._session.send_frame(RequestFrameType.SIZE, f"{rows} {columns}".encode())

    def get_exit_status(self) -> int | None:
        return self._exit_status

    def close(self) -> None:
        self._poll.close()
        os.close(self._supervisor_exit)
        self._session.close()
