"""A VM's kernel as a child process of the supervisor, and functions to start and log any sandboxed process."""

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
from runner.drivers.uml.vm.cluster_state import ClusterState, VmSpec, VmState
from runner.drivers.uml.vm.cpu_affinity import ProcessorClaim

_LOG_BYTES = 1 << 20
_LINE_BYTES = 1024
_BURST_LINES, _LINES_PER_SECOND = 200, 1000
_POLL_SECONDS = 1
# So long after its start, the kernel's clock is running, even on a slow host.
_CLOCK_SECONDS = 10
_READY = b"LABS-READY"


class VmProcess:
    """The kernel of one VM, which may exit and be booted again.

    Args:
        spec: The VM.
        cluster: Its cluster.
        folder: The cluster's folder.
        network_card: The socket that serves as its network card.
        claim: The processor it runs on.

    """

    def __init__(
        self,
        spec: VmSpec,
        cluster: ClusterState,
        folder: Path,
        network_card: socket.socket,
        claim: ProcessorClaim,
    ) -> None:
        self.spec = spec
        self._cluster = cluster
        self._folder = folder
        self._network_card = network_card
        self._claim = claim
        self._state_changed = threading.Condition()
        self.resolver = ""
        self.state = VmState.DOWN
        self._booted_at = 0.0
        self.process: subprocess.Popen[bytes] | None = None

    def boot_kernel(self) -> None:
        """Start the kernel, unless it runs."""
        with self._state_changed:
            if self.state is not VmState.DOWN:
                return
            self.state = VmState.BOOTING
            self._booted_at = time.monotonic()
        try:
            self.process = self._start_kernel()
        except BaseException:
            self._set_state(VmState.DOWN)
            raise
        threading.Thread(target=self._watch_output, args=(self.process,), daemon=True).start()

    def _start_kernel(self) -> subprocess.Popen[bytes]:
        card = self._network_card.fileno()
        command = sandbox.build_vm_command(self.spec, self._cluster, self._folder, card, self.resolver)
        process = start_sandboxed_process(command, card)
        if self._claim.is_exclusive:
            cpu_affinity.pin_process_tree(process.pid, self._claim.processor)
        return process

    def send_timer_signal(self) -> None:
        """Make the kernel check its clock.

        A kernel sets one host timer at a time. Very rarely a timer signal is lost, and then no timer in that VM would
        ever expire again. A signal that the kernel did not ask for is harmless once its clock has started.
        """
        if self.process and (self.state is VmState.READY or time.monotonic() > self._booted_at + _CLOCK_SECONDS):
            for child in cpu_affinity.list_child_processes(self.process.pid):
                # A kernel that restarts has no handler yet, and the signal would kill it.
                if _has_signal_handler(child, signal.SIGALRM):
                    os.kill(child, signal.SIGALRM)

    def long_poll_boot_state(self) -> VmState:
        """Return the state as soon as the VM is ready or down, or after one second."""
        with self._state_changed:
            self._state_changed.wait_for(lambda: self.state is not VmState.BOOTING, _POLL_SECONDS)
            return self.state

    def _watch_output(self, process: subprocess.Popen[bytes]) -> None:
        for line in log_and_yield_lines(process, cluster_state.log_path(self._folder, self.spec.name)):
            # A VM may print this line as often as it likes; only the first counts.
            if line.startswith(_READY) and self.state is not VmState.READY:
                # VMs that share a processor are pinned only now: pinned from the start they would boot one after
                # another, while unpinned they boot in parallel.
                cpu_affinity.pin_process_tree(process.pid, self._claim.processor)
                self._set_state(VmState.READY)
        process.wait()
        network.close_connections_to_vm(self.spec.address)
        self._set_state(VmState.DOWN)

    def _set_state(self, state: VmState) -> None:
        with self._state_changed:
            self.state = state
            self._state_changed.notify_all()


def start_sandboxed_process(command: Sequence[str], *descriptors: int) -> subprocess.Popen[bytes]:
    """Start the command of a sandboxed process, which inherits these file descriptors."""
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=descriptors,
        # Otherwise a kernel that signals its own process group would signal the supervisor.
        process_group=0,
    )


def log_and_yield_lines(process: subprocess.Popen[bytes], log: Path) -> Iterator[bytes]:
    """Write a process's output to a log file of limited size, and yield its lines.

    The process may print without limit, so its output is read at a limited rate.
    """
    assert process.stdout is not None
    lines_in_burst = 0
    with log.open("ab", buffering=0) as handle:
        while line := process.stdout.readline(_LINE_BYTES):
            # A full disk must not block a VM.
            with contextlib.suppress(OSError):
                handle.write(line)
                if handle.tell() > _LOG_BYTES:
                    handle.truncate(0)
            yield line
            lines_in_burst += 1
            if lines_in_burst > _BURST_LINES:
                time.sleep(_BURST_LINES / _LINES_PER_SECOND)
                lines_in_burst = 0


def _has_signal_handler(process: int, signal_number: int) -> bool:
    lines = Path(f"/proc/{process}/status").read_text("utf-8", "replace").splitlines()
    handled = next(line.split()[1] for line in lines if line.startswith("SigCgt:"))
    return bool(int(handled, 16) >> (signal_number - 1) & 1)
