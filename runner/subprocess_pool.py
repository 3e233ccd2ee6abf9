"""Runs several of our own modules at the same time, each in a subprocess, and interrupts them together."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from runner import paths

# How long a process may take to remove its nodes; this takes seconds unless the host is overloaded.
_CLEANUP_SECONDS = 120
T = TypeVar("T")
R = TypeVar("R")


def map_in_threads(
    jobs: int, work: Callable[[T], R], items: Iterable[T], interrupt: Callable[[], None]
) -> Generator[R, None, None]:
    """Call `work` for each item in a pool of threads, and yield each result as soon as it is available.

    An exception, Ctrl-C, or closing this generator calls `interrupt`, and then waits for the calls that are running.

    Args:
        jobs: The number of threads.
        work: Called once per item.
        items: The items, in the order in which to start them.
        interrupt: Makes the running calls of `work` return early.

    """
    with ThreadPoolExecutor(jobs) as pool:
        try:
            for future in as_completed([pool.submit(work, item) for item in items]):
                yield future.result()
        except BaseException:
            interrupt()
            pool.shutdown(cancel_futures=True)
            raise


@dataclass(slots=True)
class SubprocessPool:
    """Subprocesses that are interrupted together."""

    _processes: list[subprocess.Popen[str]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _is_interrupted: bool = False

    @property
    def is_interrupted(self) -> bool:
        """Whether `interrupt_all` was called."""
        return self._is_interrupted

    def start_module(self, argv: Sequence[str]) -> subprocess.Popen[str]:
        """Start one of our modules in a subprocess.

        Args:
            argv: The module and its arguments.

        Returns:
            The process; its standard output and standard error share one pipe.

        Raises:
            KeyboardInterrupt: `interrupt_all` was called before.

        """
        with self._lock:
            if self._is_interrupted:
                raise KeyboardInterrupt
            # In its own session, the process gets a terminal's Ctrl-C only once: from `interrupt_all`.
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", *argv],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
                env=paths.subprocess_environment(),
            )
            self._processes.append(process)
            return process

    @contextmanager
    def end_after_timeout(self, process: subprocess.Popen[str], seconds: float) -> Iterator[None]:
        """End a process that runs too long while the block waits for it.

        It first gets SIGTERM, so that it can remove its nodes, and is killed if that takes too long.

        Args:
            process: A process that `start_module` returned.
            seconds: How long it may run.

        """
        timers = [
            threading.Timer(seconds, process.send_signal, [signal.SIGTERM]),
            threading.Timer(seconds + _CLEANUP_SECONDS, process.kill),
        ]
        for timer in timers:
            timer.daemon = True
            timer.start()
        try:
            yield
        finally:
            for timer in timers:
                timer.cancel()

    def interrupt_all(self) -> None:
        """Ask every process to clean up and end, and start no more."""
        with self._lock:
            self._is_interrupted = True
            for process in self._processes:
                if process.poll() is None:
                    # Not SIGINT: processes that a shell started in the background ignore it.
                    process.send_signal(signal.SIGTERM)
