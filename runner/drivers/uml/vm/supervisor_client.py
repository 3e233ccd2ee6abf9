"""The client of a cluster's supervisor: starts it, sends it requests, connects to its VMs, stops it."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from runner import paths, sockets
from runner.drivers.uml.vm import cgroups, cluster_state, uplink
from runner.drivers.uml.vm.cluster_state import VmState
from runner.errors import HostError
from runner.sockets import shorten_address

_START_SECONDS = 20
_BOOT_SECONDS = 120
_STOP_SECONDS = 20
# The supervisor itself limits how long a request takes; only a suspended one exceeds this.
_RESPONSE_SECONDS = 30
_NAMESPACES = ("--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")


def start_supervisor(folder: Path) -> None:
    """Start a cluster's supervisor, which boots the VMs, and wait until it answers.

    Args:
        folder: The cluster's folder, with its recorded state.

    Raises:
        HostError: It exited or did not answer in time; the error shows its output.

    """
    cgroups.remove_cluster_cgroups(folder)
    # The supervisor keeps one end of this pipe open. The uplink's program watches the other end, to exit with it.
    uplink_end, supervisor_end = os.pipe()
    try:
        _start_process(folder, supervisor_end)
        forbidden = _start_uplink(folder, uplink_end)
        _send_command(folder, request="start", has_uplink=forbidden is not None, forbidden=forbidden or [])
    finally:
        os.close(uplink_end)
        os.close(supervisor_end)


def _start_uplink(folder: Path, pipe_end: int) -> list[str] | None:
    """Start the uplink if possible, and return the addresses it must not lead to."""
    try:
        if uplink.is_uplink_available() and uplink.start_uplink(_find_process(folder), pipe_end):
            return uplink.list_host_addresses()
    except (OSError, ValueError, subprocess.SubprocessError):
        # The VMs work without an uplink.
        pass
    return None


def _start_process(folder: Path, pipe_end: int) -> None:
    log = folder / "supervisor.log"
    with log.open("wb") as handle:
        process = subprocess.Popen(
            [*_build_unshare_command(), sys.executable, "-m", "runner.drivers.uml.vm.supervisor", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=handle,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd="/",
            env=_build_environment(),
            pass_fds=[pipe_end],
        )
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not is_supervisor_running(folder):
            if process.poll() is not None or time.monotonic() > deadline:
                raise HostError(
                    "The supervisor of the VMs did not start.",
                    "'labs doctor' checks whether this host can run them.",
                    log.read_text("utf-8", "replace")[-3000:],
                )
            time.sleep(0.01)
    except BaseException:
        process.kill()
        process.wait()
        raise


def _build_unshare_command() -> list[str]:
    user_namespace = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", *user_namespace, *_NAMESPACES]


def _build_environment() -> dict[str, str]:
    """Return the supervisor's environment: only what it needs to find this package and the state and cache folders."""
    inherited = ("HOME", "LANG", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "LABS_PROJECT", "LABS_ROOT")
    environment = {name: os.environ[name] for name in inherited if name in os.environ}
    if os.geteuid() == 0:
        environment["LABS_STARTED_BY_ROOT"] = "yes"
    return {**environment, "PATH": paths.program_search_path(), "PYTHONPATH": str(Path(__file__).parents[4])}


def is_supervisor_running(folder: Path) -> bool:
    """Return whether a cluster's supervisor accepts connections."""
    with contextlib.suppress(OSError), _connect_supervisor(folder):
        return True
    return False


def send_request(folder: Path, **request: Any) -> dict[str, str]:
    """Send a request to a cluster's supervisor and return its response; see `supervisor` for the requests.

    Raises:
        HostError: There is no supervisor, or it exited before it answered.

    """
    try:
        with _connect_supervisor(folder) as connection:
            connection.sendall(json.dumps(request).encode() + b"\n")
            response: dict[str, str] = json.loads(connection.makefile("r").readline())
            return response
    except (OSError, ValueError) as error:
        raise create_no_supervisor_error(folder) from error


def wait_while_booting(folder: Path, node: str, is_cancelled: Callable[[], bool] = lambda: False) -> str:
    """Wait until a VM's engine is ready or the VM is down, and return its state: still 'booting' after a timeout.

    Args:
        folder: The cluster's folder.
        node: The VM's name.
        is_cancelled: Returns whether to stop waiting.

    Raises:
        HostError: There is no supervisor.

    """
    deadline = time.monotonic() + _BOOT_SECONDS
    while (state := send_request(folder, request="poll_boot", node=node)["state"]) == VmState.BOOTING:
        if is_cancelled() or time.monotonic() > deadline:
            break
    return state


def boot_vm(folder: Path, node: str) -> None:
    """Boot a VM that is down.

    Raises:
        HostError: It cannot be started.

    """
    _send_command(folder, request="boot", node=node)


def _send_command(folder: Path, **request: Any) -> None:
    response = send_request(folder, **request)
    if "error" in response:
        raise HostError(
            f"The VMs of '{folder.name}' cannot be started: {response['error']}.",
            "'labs doctor' looks for the cause.",
        )


def connect_vm_port(folder: Path, node: str, port: int) -> socket.socket:
    """Return a connection to a TCP port of a VM.

    Raises:
        HostError: There is no supervisor.
        OSError: The VM does not accept the connection.

    """
    try:
        with _connect_supervisor(folder) as connection:
            request = {"request": "connect", "node": node, "port": port}
            connection.sendall(json.dumps(request).encode() + b"\n")
            line, descriptors, _, _ = socket.recv_fds(connection, 4096, 1)
    except OSError as error:
        raise create_no_supervisor_error(folder) from error
    if not descriptors:
        raise ConnectionError(json.loads(line)["error"] if line else "the supervisor has exited")
    return socket.socket(fileno=descriptors[0])


def create_no_supervisor_error(folder: Path) -> HostError:
    """Return the error for a cluster whose supervisor does not run."""
    return HostError(f"The VMs of '{folder.name}' are down.", "'labs status' shows their state.")


def kill_supervisor(folder: Path) -> None:
    """Kill a cluster's supervisor and all processes that it has started, and wait until they have exited."""
    _kill_process(folder)
    cluster_state.supervisor_socket_path(folder).unlink(missing_ok=True)
    cgroups.remove_cluster_cgroups(folder)


def _kill_process(folder: Path) -> None:
    try:
        descriptor = open_supervisor_pidfd(folder)
    except OSError:
        return
    try:
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        # It becomes readable once the process and everything else in the namespace, whose PID 1 it was, has exited.
        select.select([descriptor], [], [], _STOP_SECONDS)
    finally:
        os.close(descriptor)


def open_supervisor_pidfd(folder: Path) -> int:
    """Return a descriptor that becomes readable once a cluster's supervisor and all its processes have exited.

    Raises:
        OSError: There is no supervisor.

    """
    # While the descriptor is open, the process id cannot be reused.
    return os.pidfd_open(_find_process(folder))


def _find_process(folder: Path) -> int:
    """Return the supervisor's process id in our namespace; in its own namespace it is 1."""
    with _connect_supervisor(folder) as connection:
        return sockets.get_peer_pid(connection)


def _connect_supervisor(folder: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(_RESPONSE_SECONDS)
    try:
        with shorten_address(cluster_state.supervisor_socket_path(folder)) as address:
            connection.connect(address)
    except OSError:
        connection.close()
        raise
    return connection
