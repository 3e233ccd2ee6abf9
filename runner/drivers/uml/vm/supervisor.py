"""The process that runs a cluster of VMs: it owns the cluster's namespaces, network, registry mirror and kernels.

It is PID 1 of a process namespace, so when it exits for any reason, the host's kernel kills everything that it has
started. It answers requests on a Unix socket, one per connection: the client sends a line of JSON and gets a line of
JSON back, with a file descriptor if it asked for a connection. A socket that the supervisor has opened stays in the
cluster's network even if another process uses it, so a client then exchanges data with a VM directly.

    {"request": "start", "has_uplink": true, "forbidden": ["192.0.2.7"]}
                        -> {}; boots all VMs, with or without an uplink that must not lead to the forbidden addresses
    {"request": "list_states"}                           -> {"node1": "ready", ...}
    {"request": "poll_boot", "node": "node1"}            -> {"state": "ready"} or "down"; "booting" after one second
    {"request": "boot", "node": "node1"}                 -> {}
    {"request": "connect", "node": "node1", "port": 80}  -> {} and a file descriptor, or {"error": "..."}
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
from runner.drivers.uml.vm.cluster_state import ClusterState, VmState
from runner.drivers.uml.vm.vm_process import VmProcess, log_and_yield_lines, start_sandboxed_process
from runner.sockets import shorten_address
from runner.storage.locks import try_lock

# Other processes come first when processors are short.
_NICENESS = 5
# From linux/keyctl.h and asm/unistd_64.h.
_SYS_KEYCTL, _JOIN_SESSION_KEYRING = 250, 1
_CONNECT_SECONDS = 10
# Probe an idle connection after this many seconds, repeat at this interval, and give up after so many probes.
# These are names, because other systems than Linux do not have all of them, and this module can be imported there.
_KEEP_ALIVE = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 4}


class Supervisor:
    """Runs a cluster's VMs and registry mirror, and answers requests.

    Args:
        folder: The cluster's folder, with its recorded state.

    """

    def __init__(self, folder: Path) -> None:
        cluster = cluster_state.load_state(folder)
        assert cluster is not None
        self._lock = _lock_cluster(folder)
        network_cards = network.create_bridge_and_cards(len(cluster.vms))
        self._start_mirror = partial(_start_mirror, cluster, folder)
        self._mirror = self._start_mirror()
        claims = cpu_affinity.claim_processors(len(cluster.vms), paths.cache_folder() / "processors")
        self._vms = {
            vm.name: VmProcess(vm, cluster, folder, network_card, claim)
            for vm, network_card, claim in zip(cluster.vms, network_cards, claims, strict=True)
        }
        # Held while another thread waits for a child process, so that `_monitor_processes` does not reap it first.
        self._reap_lock = threading.Lock()
        # This comes last, so that a client that can connect finds a complete cluster.
        self._listener = _open_listener(folder)

    def serve_forever(self) -> None:
        """Answer requests until this process is killed."""
        threading.Thread(target=self._monitor_processes, daemon=True).start()
        while True:
            peer, _ = self._listener.accept()
            threading.Thread(target=self._answer_peer, args=(peer,), daemon=True).start()

    def _answer_peer(self, peer: socket.socket) -> None:
        with peer, contextlib.suppress(OSError):
            line = peer.makefile("rb").readline()
            if not line:
                # The client has only tested whether we listen.
                return
            message = json.loads(line)
            response: dict[str, str] = {}
            connection = None
            try:
                if message["request"] == "connect":
                    connection = self._connect(message["node"], message["port"])
                else:
                    response = self._handle_request(message)
            except (OSError, KeyError, subprocess.SubprocessError) as error:
                response = {"error": str(error)}
            line = json.dumps(response).encode() + b"\n"
            if connection is None:
                peer.sendall(line)
                return
            with connection:
                socket.send_fds(peer, [line], [connection.fileno()])

    def _handle_request(self, message: dict[str, Any]) -> dict[str, str]:
        if message["request"] == "start":
            self._start_vms(message["has_uplink"], message["forbidden"])
        if message["request"] == "list_states":
            return {name: vm.state.value for name, vm in self._vms.items()}
        if message["request"] == "poll_boot":
            return {"state": self._vms[message["node"]].long_poll_boot_state().value}
        if message["request"] == "boot":
            self._vms[message["node"]].boot_kernel()
        return {}

    def _start_vms(self, has_uplink: bool, forbidden: list[str]) -> None:
        if has_uplink:
            try:
                with self._reap_lock:
                    uplink.route_vms_through_uplink(forbidden)
            except (OSError, subprocess.SubprocessError) as error:
                # This goes to the supervisor's log. The VMs work without an uplink.
                sys.stderr.write(f"no uplink: {error}\n")
                has_uplink = False
        for vm in self._vms.values():
            vm.resolver = uplink.RESOLVER if has_uplink else ""
            vm.boot_kernel()

    def _connect(self, node: str, port: int) -> socket.socket:
        vm = self._vms[node]
        if vm.state is VmState.DOWN:
            # No kernel could refuse the connection, so it would only time out.
            raise ConnectionRefusedError("the VM is down")
        connection = socket.create_connection((vm.spec.address, port), _CONNECT_SECONDS)
        connection.settimeout(None)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # A VM that is cut off does not close its connections.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in _KEEP_ALIVE.items():
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
        return connection

    def _monitor_processes(self) -> None:
        """Reap orphans, because this process is PID 1; restart the mirror; send timer signals to the kernels."""
        while True:
            for vm in self._vms.values():
                with contextlib.suppress(OSError):
                    vm.send_timer_signal()
            children = {vm.process.pid for vm in self._vms.values() if vm.process} | {self._mirror.pid}
            with self._reap_lock, contextlib.suppress(ChildProcessError):
                exited = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
                if exited and exited.si_pid not in children:
                    os.waitpid(exited.si_pid, os.WNOHANG)
                    continue
            if self._mirror.poll() is not None:
                # A full disk prevents a restart too; a later attempt may find free space.
                with contextlib.suppress(OSError):
                    self._mirror = self._start_mirror()
            time.sleep(1)


def _start_mirror(cluster: ClusterState, folder: Path) -> subprocess.Popen[bytes]:
    mirror = start_sandboxed_process(sandbox.build_mirror_command(cluster, folder))
    lines = log_and_yield_lines(mirror, cluster_state.log_path(folder, "mirror"))
    threading.Thread(target=deque, args=(lines, 0), daemon=True).start()
    return mirror


def _lock_cluster(folder: Path) -> IO[str]:
    """Hold the cluster's lock until this process exits: two kernels that write to the same disk would destroy it."""
    lock = (folder / "supervisor.lock").open("w")
    if not try_lock(lock):
        sys.exit("Another supervisor runs these VMs.")
    return lock


def _open_listener(folder: Path) -> socket.socket:
    cluster_state.supervisor_socket_path(folder).unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    with shorten_address(cluster_state.supervisor_socket_path(folder)) as address:
        listener.bind(address)
    listener.listen(64)
    return listener


def _restrict_process() -> None:
    """Lower the priority of this process and its future children, forbid core dumps, and drop the user's keyring."""
    os.nice(_NICENESS)
    # Where this file exists, niceness counts only among the processes of a session, and this process has its own.
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(_NICENESS), "ascii")
    # Memory that no control group counts may still exhaust the host's memory. Then the host kills our processes first,
    # beginning with the largest.
    Path("/proc/self/oom_score_adj").write_text("1000", "ascii")
    # A limit of one byte: a dump is then neither written to a file nor piped to a program of the host.
    resource.setrlimit(resource.RLIMIT_CORE, (1, 1))
    ctypes.CDLL(None).syscall(_SYS_KEYCTL, _JOIN_SESSION_KEYRING, None)


def main() -> None:
    """Run the cluster in the folder that the command line names."""
    _restrict_process()
    # PID 1 of a namespace ignores every signal that it has no handler for.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    Supervisor(Path(sys.argv[1])).serve_forever()


if __name__ == "__main__":
    main()
