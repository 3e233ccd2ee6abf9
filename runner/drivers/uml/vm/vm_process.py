"""A machine's kernel, and whatever else runs in a jail, as a process of the supervisor's."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from runner.drivers.uml import network
from runner.drivers.uml.vm import cluster_state, cpu_affinity, sandbox
from runner.drivers.uml.vm.cluster_state import Machine, Plan, State
from runner.drivers.uml.vm.cpu_affinity import Claim

_LOG_BYTES = 1 << 20
_LINE_BYTES = 1024
_LINES_AT_ONCE, _LINES_A_SECOND = 200, 1000
_SETTLING_SECONDS = 1
# By then its clock ticks, even on a host that lets it boot slowly.
_CLOCK_SECONDS = 10
_READY = b"LABS-READY"


class Kernel:
    """One machine's kernel, which may end and be booted again.

    Args:
        machine: Which machine.
        cluster: Its cluster.
        folder: The cluster's folder.
        wire: Its network card.
        claim: Its processor.

    """

    def __init__(self, machine: Machine, cluster: Plan, folder: Path, wire: socket.socket, claim: Claim) -> None:
        self.machine = machine
        self._cluster = cluster
        self._folder = folder
        self._wire = wire
        self._claim = claim
        self._changed = threading.Condition()
        self.resolver = ""
        self.state = State.DOWN
        self._began = 0.0
        self.process: subprocess.Popen[bytes] | None = None

    def boot(self) -> None:
        """Start it, unless it runs."""
        with self._changed:
            if self.state is not State.DOWN:
                return
            self.state = State.BOOTING
            self._began = time.monotonic()
        try:
            self.process = self._started()
        except BaseException:
            self._become(State.DOWN)
            raise
        threading.Thread(target=self._watch, args=(self.process,), daemon=True).start()

    def _started(self) -> subprocess.Popen[bytes]:
        card = self._wire.fileno()
        process = jailed(sandbox.kernel(self.machine, self._cluster, self._folder, card, self.resolver), card)
        if self._claim.alone:
            cpu_affinity.pin(process.pid, self._claim.processor)
        return process

    def nudge(self) -> None:
        """Let it look at its clock.

        A kernel asks for one alarm at a time. Once in a long while one is lost, and then no timer of that machine would
        ever end again. An alarm that it did not ask for does no harm, once it has a clock.
        """
        if self.process and (self.state is State.READY or time.monotonic() > self._began + _CLOCK_SECONDS):
            for child in cpu_affinity.children(self.process.pid):
                # One that restarts does not catch them yet, and would end.
                if _catches(child, signal.SIGALRM):
                    os.kill(child, signal.SIGALRM)

    def settled(self) -> State:
        """Wait a moment for it to be ready or down, and return how far it is."""
        with self._changed:
            self._changed.wait_for(lambda: self.state is not State.BOOTING, _SETTLING_SECONDS)
            return self.state

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        for line in kept(process, cluster_state.log_of(self._folder, self.machine.name)):
            # A machine may say so as often as it likes.
            if line.startswith(_READY) and self.state is not State.READY:
                # Machines that share a processor would boot one after another on it, and beside each other as it comes.
                cpu_affinity.pin(process.pid, self._claim.processor)
                self._become(State.READY)
        process.wait()
        network.hang_up(self.machine.address)
        self._become(State.DOWN)

    def _become(self, state: State) -> None:
        with self._changed:
            self.state = state
            self._changed.notify_all()


def jailed(argv: Sequence[str], *descriptors: int) -> subprocess.Popen[bytes]:
    """Start what runs in a jail, with these descriptors of ours."""
    return subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=descriptors,
        # Else a kernel that signals its own group of processes would signal us.
        process_group=0,
    )


def kept(process: subprocess.Popen[bytes], log: Path) -> Iterator[bytes]:
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


def _catches(process: int, number: int) -> bool:
    lines = Path(f"/proc/{process}/status").read_text("utf-8", "replace").splitlines()
    caught = next(line.split()[1] for line in lines if line.startswith("SigCgt:"))
    return bool(int(caught, 16) >> (number - 1) & 1)
