"""Has several things done at the same time, each by a `labs` process of its own."""

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

# Removing nodes takes seconds, on a host that is not at its limits.
_ORDER_SECONDS = 120
T = TypeVar("T")
R = TypeVar("R")


def run_in_threads(
    jobs: int, work: Callable[[T], R], items: Iterable[T], interrupt: Callable[[], None]
) -> Generator[R, None, None]:
    """Yield what comes of each item, as it comes.

    An interruption is handed on to what runs, and waits until that has removed its nodes. So does an end of whoever
    takes what comes: close this, then.

    Args:
        jobs: How many at a time.
        work: Does one; called in several threads.
        items: What to do, those first that shall begin first.
        interrupt: Lets all that `work` is doing come to an end.

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
    """Processes that are interrupted together."""

    _running: list[subprocess.Popen[str]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _interrupted: bool = False

    @property
    def is_interrupted(self) -> bool:
        """Whether `interrupt` was called."""
        return self._interrupted

    def start_module(self, argv: Sequence[str]) -> subprocess.Popen[str]:
        """Start a module of ours with words, its output and errors in one pipe.

        Raises:
            KeyboardInterrupt: All has been interrupted already.

        """
        with self._lock:
            if self._interrupted:
                raise KeyboardInterrupt
            # In a session of its own a terminal's Ctrl-C reaches it once only, from us.
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", *argv],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
                env=paths.subprocess_environment(),
            )
            self._running.append(process)
            return process

    @contextmanager
    def end_after_timeout(self, process: subprocess.Popen[str], seconds: float) -> Iterator[None]:
        """End a process that takes too long: first so that it can put things in order, then at once.

        Args:
            process: One that `started` has returned.
            seconds: How long it may take.

        """
        timers = [
            threading.Timer(seconds, process.send_signal, [signal.SIGTERM]),
            threading.Timer(seconds + _ORDER_SECONDS, process.kill),
        ]
        for timer in timers:
            timer.daemon = True
            timer.start()
        try:
            yield
        finally:
            for timer in timers:
                timer.cancel()

    def interrupt(self) -> None:
        """Let every process put things in order and end, and start no further one."""
        with self._lock:
            self._interrupted = True
            for process in self._running:
                if process.poll() is None:
                    # Not SIGINT, which is ignored by whatever a shell has started in the background.
                    process.send_signal(signal.SIGTERM)
