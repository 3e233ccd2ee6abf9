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
import fcntl
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
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any

from runner.drivers.uml import jail, network, outward, plan
from runner.drivers.uml.plan import Machine, Plan, State

_LOG_BYTES = 1 << 20
_LINE_BYTES = 1024
_LINES_AT_ONCE, _LINES_A_SECOND = 200, 1000
# Others come first when processors are short.
_NICENESS = 5
# From linux/keyctl.h and asm/unistd_64.h.
_SYS_KEYCTL, _JOIN_SESSION_KEYRING = 250, 1
_CONNECT_SECONDS = 10
_SETTLING_SECONDS = 1
_READY = b"LABS-READY"
# After this many seconds of silence ask whether it is still there, then this often, and give up after so many times.
_KEEP_ALIVE = {socket.TCP_KEEPIDLE: 10, socket.TCP_KEEPINTVL: 5, socket.TCP_KEEPCNT: 4}


class Kernel:
    """One machine's kernel, which may end and be booted again.

    Args:
        machine: Which machine.
        cluster: Its cluster.
        folder: The cluster's folder.
        wire: Its network card.
        processor: The one processor it may use, or None.

    """

    def __init__(
        self, machine: Machine, cluster: Plan, folder: Path, wire: socket.socket, processor: int | None
    ) -> None:
        self.machine = machine
        self._cluster = cluster
        self._folder = folder
        self._wire = wire
        self._processor = processor
        self._changed = threading.Condition()
        self.resolver = ""
        self.state = State.DOWN
        self.process: subprocess.Popen[bytes] | None = None

    def boot(self) -> None:
        """Start it, unless it runs."""
        with self._changed:
            if self.state is not State.DOWN:
                return
            self.state = State.BOOTING
        try:
            self.process = self._started()
        except BaseException:
            self._become(State.DOWN)
            raise
        threading.Thread(target=self._watch, args=(self.process,), daemon=True).start()

    def _started(self) -> subprocess.Popen[bytes]:
        card = self._wire.fileno()
        argv = jail.kernel(self.machine, self._cluster, self._folder, card, self._processor, self.resolver)
        return _jailed(argv, card)

    def nudge(self) -> None:
        """Let it look at its clock.

        A kernel asks for one alarm at a time. Once in a long while, on a host that has much to do, one is lost, and
        then no timer of that machine would ever end again. An alarm that it did not ask for does no harm.
        """
        if self.process and self.state is State.READY:
            for child in _children(self.process.pid):
                # One that restarts does not catch them yet, and would end.
                if _catches(child, signal.SIGALRM):
                    os.kill(child, signal.SIGALRM)

    def settled(self) -> State:
        """Wait a moment for it to be ready or down, and return how far it is."""
        with self._changed:
            self._changed.wait_for(lambda: self.state is not State.BOOTING, _SETTLING_SECONDS)
            return self.state

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        for line in _kept(process, plan.log_of(self._folder, self.machine.name)):
            if line.startswith(_READY):
                self._become(State.READY)
        process.wait()
        network.hang_up(self.machine.address)
        self._become(State.DOWN)

    def _become(self, state: State) -> None:
        with self._changed:
            self.state = state
            self._changed.notify_all()


class Supervisor:
    """All of a running cluster.

    Args:
        folder: The cluster's folder, with its plan.

    """

    def __init__(self, folder: Path) -> None:
        cluster = plan.read(folder)
        assert cluster is not None
        self._lock = _own(folder)
        wires = network.make(len(cluster.machines))
        self._start_hub = partial(_hub, cluster, folder)
        self._hub = self._start_hub()
        processors = _processors(len(cluster.machines))
        self._kernels = {
            machine.name: Kernel(machine, cluster, folder, wire, processor)
            for machine, wire, processor in zip(cluster.machines, wires, processors, strict=True)
        }
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
                outward.use(forbidden)
            except (OSError, subprocess.SubprocessError) as error:
                # Into the supervisor's log; machines do without.
                sys.stderr.write(f"no way out: {error}\n")
                is_open = False
        for kernel in self._kernels.values():
            kernel.resolver = outward.RESOLVER if is_open else ""
            kernel.boot()

    def _connect(self, node: str, port: int) -> socket.socket:
        made = socket.create_connection((self._kernels[node].machine.address, port), _CONNECT_SECONDS)
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
            with contextlib.suppress(ChildProcessError):
                ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
                if ended and ended.si_pid not in own:
                    os.waitpid(ended.si_pid, os.WNOHANG)
                    continue
            if self._hub.poll() is not None:
                self._hub = self._start_hub()
            time.sleep(1)


def _children(process: int) -> list[int]:
    return [int(number) for number in Path(f"/proc/{process}/task/{process}/children").read_text("ascii").split()]


def _catches(process: int, number: int) -> bool:
    lines = Path(f"/proc/{process}/status").read_text("utf-8", "replace").splitlines()
    caught = next(line.split()[1] for line in lines if line.startswith("SigCgt:"))
    return bool(int(caught, 16) >> (number - 1) & 1)


def _hub(cluster: Plan, folder: Path) -> subprocess.Popen[bytes]:
    hub = _jailed(jail.hub(cluster, folder))
    threading.Thread(target=deque, args=(_kept(hub, plan.log_of(folder, "hub")), 0), daemon=True).start()
    return hub


def _jailed(argv: Sequence[str], *descriptors: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=descriptors,
        # Else a kernel that signals its own group of processes would signal us.
        process_group=0,
    )


def _kept(process: subprocess.Popen[bytes], log: Path) -> Iterator[bytes]:
    """Yield the lines of what a process says, and keep the last of them.

    It may say whatever it likes for as long as it likes: where that is much, it is made to wait.
    """
    assert process.stdout is not None
    quick = 0
    with log.open("ab", buffering=0) as handle:
        while line := process.stdout.readline(_LINE_BYTES):
            # A full disk must not keep a machine from going on.
            with contextlib.suppress(OSError):
                handle.write(line)
                if handle.tell() > _LOG_BYTES:
                    handle.truncate(0)
            yield line
            quick += 1
            if quick > _LINES_AT_ONCE:
                time.sleep(_LINES_AT_ONCE / _LINES_A_SECOND)
                quick = 0


def _own(folder: Path) -> IO[str]:
    """Hold the cluster's lock for life: two that write to the same disks would ruin them."""
    lock = (folder / "supervisor.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit("Another supervisor owns these machines.")
    return lock


def _listen(folder: Path) -> socket.socket:
    plan.socket_of(folder).unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    with plan.address_of(folder) as address:
        listener.bind(address)
    listener.listen(64)
    return listener


def _processors(count: int) -> list[int | None]:
    """Return a processor of its own for each machine, or none where there are too few."""
    here = sorted(os.sched_getaffinity(0))
    if len(here) < count:
        return [None] * count
    # Two clusters would otherwise share the first few.
    first = int.from_bytes(os.urandom(2)) % len(here)
    return [here[(first + number) % len(here)] for number in range(count)]


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
