"""Runs the programs that build parts, so that however this process ends, they end too and leave no mount behind."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from collections.abc import Sequence

from runner import paths
from runner.errors import HostError
from runner.status import DetailCallback

# By itself a namespace ends with its first process, and that one with us, even if we are killed.
_DIES_WITH_PARENT = ("setpriv", "--pdeathsig", "KILL")
_NAMESPACES = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
_LOG_LINES = 40
_NO_SPACE = re.compile(r"no space left on device|disk quota exceeded|could not write .*no free space", re.IGNORECASE)


class StoppedError(Exception):
    """Ends the work of one thread after another has failed."""


def contained(argv: Sequence[str], *, network: bool = True) -> list[str]:
    """Return the command that runs another one as root of namespaces of its own.

    Args:
        argv: The command.
        network: Whether it sees this machine's network, and not an empty one.

    """
    inside = [*_DIES_WITH_PARENT, *_NAMESPACES, *(() if network else ("--net",)), *argv]
    # For an ordinary user this maps the further users that `/etc/subuid` grants.
    return inside if os.geteuid() == 0 else [*_DIES_WITH_PARENT, "buildah", "unshare", *inside]


def failure(doing: str, log: str) -> HostError:
    """Make the error for a program that has failed.

    Args:
        doing: What it was to do, as in 'building nginx'.
        log: What it said.

    """
    if _NO_SPACE.search(log):
        return HostError(
            f"The disk is full ({doing}).",
            f"Make room where {paths.cache_folder()} lies ('labs images prune' removes what labs no longer needs), "
            "then type this again.",
            log,
        )
    return HostError(
        f"{doing[0].upper()}{doing[1:]} failed.",
        "The lines above say what stopped it; 'labs doctor' looks for the cause. What is done already is kept.",
        log,
    )


class Commands:
    """Runs commands, several at once if need be, and can end them all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()
        self._stopped = False

    def run(self, argv: Sequence[str], doing: str, tell: DetailCallback = lambda _line: None, given: str = "") -> str:
        """Run a command to its end.

        Args:
            argv: The command, with the program first.
            doing: What it is to do, for the message if it fails.
            tell: Told each line of its output.
            given: Its standard input.

        Returns:
            Its output, errors and all.

        Raises:
            HostError: It failed.
            StoppedError: `stop` was called.

        """
        process = self._start(argv, doing)
        assert process.stdin is not None
        assert process.stdout is not None
        said: list[str] = []
        try:
            self._feed(process, given)
            for line in process.stdout:
                said.append(line)
                tell(line.rstrip())
            status = process.wait()
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            process.stdout.close()
            with self._lock:
                self._running.discard(process)
        if self._stopped:
            raise StoppedError
        if status:
            raise failure(doing, "".join(said[-_LOG_LINES:]))
        return "".join(said)

    def _start(self, argv: Sequence[str], doing: str) -> subprocess.Popen[str]:
        with self._lock:
            if self._stopped:
                raise StoppedError
            try:
                # A group of its own: Ctrl-C is for us, who then end it in order.
                process = subprocess.Popen(
                    argv,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    errors="replace",
                    process_group=0,
                )
            except OSError as error:
                raise failure(doing, f"{argv[0]}: {error}\n") from error
            self._running.add(process)
        return process

    @staticmethod
    def _feed(process: subprocess.Popen[str], given: str) -> None:
        assert process.stdin is not None
        try:
            process.stdin.write(given)
            process.stdin.close()
        except BrokenPipeError:
            # It has ended already; its status and last lines say why.
            pass

    def stop(self) -> None:
        """End all commands; no further ones start."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                process.kill()
