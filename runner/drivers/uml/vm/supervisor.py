"""The one process that owns a cluster of machines: its namespaces, network, hub, kernels and connections.

It is the first process of a process namespace, so whatever ends it, the kernel ends all that it has started. It answers
on a Unix socket, one request a connection: a line of JSON, and a line of JSON back, with a descriptor beside it where
one was asked for. Sockets made here lead into the cluster's network whoever holds them; so a client talks to a machine
with nobody between.

    {"ask": "begin", "outward": true, "forbidden": ["192.0.2.7"]}
                                                     -> {}; boots all machines, with or without a way out
    {"ask": "states"}                                -> {"node1": "ready", ...}
    {"ask": "await", "node": "node1"}                -> {"state": "ready"} or "down", or "booting" after a second of it
    {"ask": "boot", "node": "node1"}                 -> {}
    {"ask": "connect", "node": "node1", "port": 80}  -> {} and a descriptor, or {"error": "..."}
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from functools import partial
from pathlib import Path
from typing import IO, Any

from runner import paths
from runner.drivers.uml import network
from runner.drivers.uml.vm import cluster_state, cpu_affinity, sandbox, uplink
from runner.drivers.uml.vm.cluster_state import Plan, State
from runner.drivers.uml.vm.vm_process import Kernel, jailed, kept
from runner.storage.locks import try_lock

# Others come first when processors are short.
_NICENESS = 5
# From linux/keyctl.h and asm/unistd_64.h.
_SYS_KEYCTL, _JOIN_SESSION_KEYRING = 250, 1
_CONNECT_SECONDS = 10
# After this many seconds of silence ask whether it is still there, then this often, and give up after so many times.
_KEEP_ALIVE = {socket.TCP_KEEPIDLE: 10, socket.TCP_KEEPINTVL: 5, socket.TCP_KEEPCNT: 4}


class Supervisor:
    """All of a running cluster.

    Args:
        folder: The cluster's folder, with its plan.

    """

    def __init__(self, folder: Path) -> None:
        cluster = cluster_state.read(folder)
        assert cluster is not None
        self._lock = _own(folder)
        wires = network.make(len(cluster.machines))
        self._start_hub = partial(_hub, cluster, folder)
        self._hub = self._start_hub()
        claims = cpu_affinity.claim(len(cluster.machines), paths.cache_folder() / "processors")
        self._kernels = {
            machine.name: Kernel(machine, cluster, folder, wire, claim)
            for machine, wire, claim in zip(cluster.machines, wires, claims, strict=True)
        }
        # While somebody waits for a program of their own, nobody else may bury it.
        self._burial = threading.Lock()
        # Last: whoever finds us listening finds all of it.
        self._listener = _listen(folder)

    def run(self) -> None:
        """Answer until the end."""
        threading.Thread(target=self._reap, daemon=True).start()
        while True:
            peer, _ = self._listener.accept()
            threading.Thread(target=self._answer, args=(peer,), daemon=True).start()

    def _answer(self, peer: socket.socket) -> None:
        with peer, contextlib.suppress(OSError):
            line = peer.makefile("rb").readline()
            if not line:
                # Somebody only looked whether we are there.
                return
            asked = json.loads(line)
            try:
                answer, opened = self._do(asked), None
                if asked["ask"] == "connect":
                    opened = self._connect(asked["node"], asked["port"])
            except (OSError, KeyError, subprocess.SubprocessError) as error:
                answer, opened = {"error": str(error)}, None
            line = json.dumps(answer).encode() + b"\n"
            if opened is None:
                peer.sendall(line)
                return
            with opened:
                socket.send_fds(peer, [line], [opened.fileno()])

    def _do(self, asked: dict[str, Any]) -> dict[str, str]:
        if asked["ask"] == "begin":
            self._begin(asked["outward"], asked["forbidden"])
        if asked["ask"] == "states":
            return {name: kernel.state.value for name, kernel in self._kernels.items()}
        if asked["ask"] == "await":
            return {"state": self._kernels[asked["node"]].settled().value}
        if asked["ask"] == "boot":
            self._kernels[asked["node"]].boot()
        return {}

    def _begin(self, is_open: bool, forbidden: list[str]) -> None:
        if is_open:
            try:
                with self._burial:
                    uplink.use(forbidden)
            except (OSError, subprocess.SubprocessError) as error:
                # Into the supervisor's log; machines do without.
                sys.stderr.write(f"no way out: {error}\n")
                is_open = False
        for kernel in self._kernels.values():
            kernel.resolver = uplink.RESOLVER if is_open else ""
            kernel.boot()

    def _connect(self, node: str, port: int) -> socket.socket:
        kernel = self._kernels[node]
        if kernel.state is State.DOWN:
            # Nobody is there to refuse.
            raise ConnectionRefusedError("the machine is down")
        made = socket.create_connection((kernel.machine.address, port), _CONNECT_SECONDS)
        made.settimeout(None)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # A machine that is cut off does not hang up.
        made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in _KEEP_ALIVE.items():
            made.setsockopt(socket.IPPROTO_TCP, option, value)
        return made

    def _reap(self) -> None:
        """Bury the orphans, whom a namespace gives its first process, and look after the hub and the kernels."""
        while True:
            for kernel in self._kernels.values():
                with contextlib.suppress(OSError):
                    kernel.nudge()
            own = {kernel.process.pid for kernel in self._kernels.values() if kernel.process} | {self._hub.pid}
            with self._burial, contextlib.suppress(ChildProcessError):
                ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
                if ended and ended.si_pid not in own:
                    os.waitpid(ended.si_pid, os.WNOHANG)
                    continue
            if self._hub.poll() is not None:
                # A full disk refuses this too; the next look may find room.
                with contextlib.suppress(OSError):
                    self._hub = self._start_hub()
            time.sleep(1)


def _hub(cluster: Plan, folder: Path) -> subprocess.Popen[bytes]:
    hub = jailed(sandbox.hub(cluster, folder))
    threading.Thread(target=deque, args=(kept(hub, cluster_state.log_of(folder, "hub")), 0), daemon=True).start()
    return hub


def _own(folder: Path) -> IO[str]:
    """Hold the cluster's lock for life: two that write to the same disks would ruin them."""
    lock = (folder / "supervisor.lock").open("w")
    if not try_lock(lock):
        sys.exit("Another supervisor owns these machines.")
    return lock


def _listen(folder: Path) -> socket.socket:
    cluster_state.socket_of(folder).unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    with cluster_state.address_of(folder) as address:
        listener.bind(address)
    listener.listen(64)
    return listener


def _keep_to_ourselves() -> None:
    """Part with what all that we start would inherit: an equal claim to processors, core dumps, a user's keys."""
    os.nice(_NICENESS)
    # Where there is this file, niceness counts only among the processes of a session, and this is a session's.
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(_NICENESS), "ascii")
    # What no group counts may still use up the host's memory; then we go first, and among us the largest.
    Path("/proc/self/oom_score_adj").write_text("1000", "ascii")
    # Of one byte: so a dump is neither written to a file nor handed to a program of the host's.
    resource.setrlimit(resource.RLIMIT_CORE, (1, 1))
    ctypes.CDLL(None).syscall(_SYS_KEYCTL, _JOIN_SESSION_KEYRING, None)


def main() -> None:
    """Own the cluster in the folder that the command line names."""
    _keep_to_ourselves()
    # The first process of a namespace is spared every signal that it has no handler for.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    Supervisor(Path(sys.argv[1])).run()


if __name__ == "__main__":
    main()
