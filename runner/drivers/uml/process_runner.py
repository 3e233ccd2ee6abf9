"""Runs the programs that build artifacts. If this process exits for any reason, they are killed and leave no mounts."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from collections.abc import Sequence

from runner import paths
from runner.errors import HostError
from runner.status import DetailCallback

# A namespace ends with its PID 1, and that process is killed when we exit, even if we are killed.
_DIE_WITH_PARENT = ("setpriv", "--pdeathsig", "KILL")
_NAMESPACES = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
_LOG_LINES = 40
_NO_SPACE = re.compile(r"no space left on device|disk quota exceeded|could not write .*no free space", re.IGNORECASE)


class StoppedError(Exception):
    """A command was stopped because another thread's command has failed."""


def isolate_command(argv: Sequence[str], *, has_network: bool = True) -> list[str]:
    """Return a command that runs another one as root in its own namespaces.

    Args:
        argv: The command to run.
        has_network: Whether it can use the host's network; otherwise it gets an empty network namespace.

    """
    isolated = [*_DIE_WITH_PARENT, *_NAMESPACES, *(() if has_network else ("--net",)), *argv]
    # For an ordinary user, `buildah unshare` maps the additional user ids that `/etc/subuid` grants.
    return isolated if os.geteuid() == 0 else [*_DIE_WITH_PARENT, "buildah", "unshare", *isolated]


def create_process_error(purpose: str, log: str) -> HostError:
    """Return the error for a program that has failed.

    Args:
        purpose: What the program was doing, as in 'building nginx'.
        log: The end of its output.

    """
    if _NO_SPACE.search(log):
        return HostError(
            f"The disk is full ({purpose}).",
            f"Free disk space for {paths.cache_folder()} ('labs images prune' removes what labs no longer needs), "
            "then retry.",
            log,
        )
    return HostError(
        f"{purpose[0].upper()}{purpose[1:]} failed.",
        "The lines above show why; 'labs doctor' looks for the cause. Completed work is kept for the next attempt.",
        log,
    )


class ProcessRunner:
    """Runs commands, possibly several at once in different threads, and can stop all of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()
        self._is_stopped = False

    def run_process(
        self,
        argv: Sequence[str],
        purpose: str,
        report_line: DetailCallback = lambda _line: None,
        stdin: str = "",
    ) -> str:
        """Run a command and wait until it exits.

        Args:
            argv: The command.
            purpose: What it does, for the error message, as in 'building nginx'.
            report_line: Called with each line of its output.
            stdin: Its standard input.

        Returns:
            Its standard output and standard error.

        Raises:
            HostError: It failed.
            StoppedError: `kill_all_processes` was called.

        """
        process = self._start_process(argv, purpose)
        assert process.stdout is not None
        lines: list[str] = []
        try:
            self._write_stdin(process, stdin)
            for line in process.stdout:
                lines.append(line)
                report_line(line.rstrip())
            status = process.wait()
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            process.stdout.close()
            with self._lock:
                self._running.discard(process)
        if self._is_stopped:
            raise StoppedError
        if status:
            raise create_process_error(purpose, "".join(lines[-_LOG_LINES:]))
        return "".join(lines)

    def _start_process(self, argv: Sequence[str], purpose: str) -> subprocess.Popen[str]:
        with self._lock:
            if self._is_stopped:
                raise StoppedError
            try:
                process = subprocess.Popen(
                    argv,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    encoding="utf-8",
                    errors="replace",
                    # Its own process group: Ctrl-C reaches only us, and we stop it in an orderly way.
                    process_group=0,
                )
            except OSError as error:
                raise create_process_error(purpose, f"{argv[0]}: {error}\n") from error
            self._running.add(process)
        return process

    @staticmethod
    def _write_stdin(process: subprocess.Popen[str], stdin: str) -> None:
        assert process.stdin is not None
        try:
            process.stdin.write(stdin)
            process.stdin.close()
        except BrokenPipeError:
            # It has exited already; its status and its last lines show why.
            pass

    def kill_all_processes(self) -> None:
        """Kill all running commands, and start no further ones."""
        with self._lock:
            self._is_stopped = True
            for process in self._running:
                process.kill()
