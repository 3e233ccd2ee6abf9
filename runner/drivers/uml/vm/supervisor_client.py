"""Speaks with supervisors: launches them, asks them, ends them."""

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
from runner.drivers.uml.vm.cluster_state import State
from runner.errors import HostError

_LAUNCH_SECONDS = 20
_BOOT_SECONDS = 120
_END_SECONDS = 20
# A supervisor answers within its own limits for connecting and settling, unless it is stopped.
_ANSWER_SECONDS = 30
_NAMESPACES = ("--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")


def launch(folder: Path) -> None:
    """Start a cluster's supervisor, which boots its machines, and wait until it answers.

    Args:
        folder: The cluster's folder, with its plan.

    Raises:
        HostError: It ended at once; with what it said.

    """
    cgroups.remove(folder)
    ours, held = os.pipe()
    try:
        _launch(folder, held)
        forbidden = _way_out(folder, ours)
        _order(folder, ask="begin", outward=forbidden is not None, forbidden=forbidden or [])
    finally:
        os.close(ours)
        os.close(held)


def _way_out(folder: Path, held: int) -> list[str] | None:
    """Open a way out where there can be one, and return the addresses it must not lead to."""
    try:
        if uplink.possible() and uplink.open_for(_process(folder), held):
            return uplink.own_addresses()
    except (OSError, ValueError, subprocess.SubprocessError):
        # Machines do without.
        pass
    return None


def _launch(folder: Path, held: int) -> None:
    log = folder / "supervisor.log"
    with log.open("wb") as handle:
        process = subprocess.Popen(
            [*_unshare(), sys.executable, "-m", "runner.drivers.uml.vm.supervisor", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=handle,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd="/",
            env=_environment(),
            # Open for as long as it lives; see `outward`.
            pass_fds=[held],
        )
    try:
        deadline = time.monotonic() + _LAUNCH_SECONDS
        while not alive(folder):
            if process.poll() is not None or time.monotonic() > deadline:
                raise HostError(
                    "The supervisor of the machines did not start.",
                    "'labs doctor' looks whether this machine can run them.",
                    log.read_text("utf-8", "replace")[-3000:],
                )
            time.sleep(0.01)
    except BaseException:
        process.kill()
        process.wait()
        raise


def _unshare() -> list[str]:
    rights = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", *rights, *_NAMESPACES]


def _environment() -> dict[str, str]:
    """Return the supervisor's environment: what it takes to find this package and our folders, and nothing else."""
    kept = ("HOME", "LANG", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "LABS_PROJECT", "LABS_ROOT")
    own = {name: os.environ[name] for name in kept if name in os.environ}
    rights = {"LABS_STARTED_BY_ROOT": "yes"} if os.geteuid() == 0 else {}
    return {**own, **rights, "PATH": paths.programs(), "PYTHONPATH": str(Path(__file__).parents[4])}


def alive(folder: Path) -> bool:
    """Whether a cluster has a supervisor that listens."""
    with contextlib.suppress(OSError), _connected(folder):
        return True
    return False


def ask(folder: Path, **asked: Any) -> dict[str, str]:
    """Ask a supervisor; see `supervisor` for what can be asked.

    Raises:
        HostError: There is none, or it ended meanwhile.

    """
    try:
        with _connected(folder) as connection:
            connection.sendall(json.dumps(asked).encode() + b"\n")
            answer: dict[str, str] = json.loads(connection.makefile("r").readline())
            return answer
    except (OSError, ValueError) as error:
        raise gone(folder) from error


def settled(folder: Path, node: str, given_up: Callable[[], bool] = lambda: False) -> str:
    """Wait until a machine's engine answers, or never will, and return its state; that of one that is late as it is.

    Args:
        folder: The cluster's folder.
        node: The machine.
        given_up: Tells whether nobody waits any more.

    Raises:
        HostError: There is no supervisor.

    """
    deadline = time.monotonic() + _BOOT_SECONDS
    while (state := ask(folder, ask="await", node=node)["state"]) == State.BOOTING:
        if given_up() or time.monotonic() > deadline:
            break
    return state


def boot(folder: Path, node: str) -> None:
    """Boot a machine that is down.

    Raises:
        HostError: It cannot be started.

    """
    _order(folder, ask="boot", node=node)


def _order(folder: Path, **asked: Any) -> None:
    answer = ask(folder, **asked)
    if "error" in answer:
        raise HostError(
            f"The machines of '{folder.name}' cannot be started: {answer['error']}.",
            "'labs doctor' looks for the cause.",
        )


def connect(folder: Path, node: str, port: int) -> socket.socket:
    """Return a connection to a TCP port of a machine.

    Raises:
        HostError: The supervisor is gone.
        OSError: Nothing answers there.

    """
    try:
        with _connected(folder) as connection:
            connection.sendall(json.dumps({"ask": "connect", "node": node, "port": port}).encode() + b"\n")
            line, descriptors, _, _ = socket.recv_fds(connection, 4096, 1)
    except OSError as error:
        raise gone(folder) from error
    if not descriptors:
        raise ConnectionError(json.loads(line)["error"] if line else "the supervisor has ended")
    return socket.socket(fileno=descriptors[0])


def gone(folder: Path) -> HostError:
    """Make the error for a cluster that has no supervisor any more."""
    return HostError(f"The machines of '{folder.name}' are down.", "'labs status' shows their state.")


def end(folder: Path) -> None:
    """End a cluster's supervisor, and with it all that it has started; wait until it is gone."""
    _end_process(folder)
    cluster_state.socket_of(folder).unlink(missing_ok=True)
    cgroups.remove(folder)


def _end_process(folder: Path) -> None:
    try:
        descriptor = watch(folder)
    except OSError:
        return
    try:
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        _await_end(descriptor)
    finally:
        os.close(descriptor)


def watch(folder: Path) -> int:
    """Return a descriptor that becomes readable once a cluster's supervisor, and all it has started, has ended.

    Raises:
        OSError: It has ended already.

    """
    # While it is held open, nobody else can get the process's number.
    return os.pidfd_open(_process(folder))


def _process(folder: Path) -> int:
    """Return the number of the process that listens; as we see it, for it sees itself as the first of its namespace."""
    with _connected(folder) as connection:
        return sockets.peer_pid(connection)


def _await_end(descriptor: int) -> None:
    # It becomes readable once the process, and all of the namespace whose first it was, has ended.
    select.select([descriptor], [], [], _END_SECONDS)


def _connected(folder: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(_ANSWER_SECONDS)
    try:
        with cluster_state.address_of(folder) as address:
            connection.connect(address)
    except OSError:
        connection.close()
        raise
    return connection
