"""Joins an exec to this process's own standard streams."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from typing import Any

from runner.drivers.docker.streams import HEADER, STDERR, Hijacked

_CHUNK = 1 << 16


def join(api: Any, exec_id: str, terminal: bool) -> int:
    """Start an exec and carry bytes between it and the standard streams until it ends.

    Args:
        api: The engine's low-level client.
        exec_id: An exec created with `stdin` and, for a terminal, `tty`.
        terminal: Whether both sides are terminals.

    Returns:
        The command's exit status.

    """
    stream = Hijacked(api.exec_start(exec_id, tty=terminal, socket=True))
    try:
        if terminal:
            with _raw_mode(), _resizing(lambda rows, columns: api.exec_resize(exec_id, rows, columns)):
                _carry(stream, lambda data: _write(sys.stdout.fileno(), data))
        else:
            _carry(stream, _demultiplexer())
    finally:
        stream.close()
    return int(api.exec_inspect(exec_id)["ExitCode"] or 0)


def _carry(stream: Hijacked, write: Callable[[bytes], None]) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        with contextlib.suppress(PermissionError, ValueError, OSError):
            # A plain file or /dev/null cannot be waited for; it is read at once instead.
            selector.register(sys.stdin, selectors.EVENT_READ)
        if sys.stdin not in selector.get_map():
            _send_all(stream)
        while True:
            for key, _ in selector.select():
                if key.fileobj is stream:
                    data = stream.recv()
                    if not data:
                        return
                    write(data)
                elif data := os.read(sys.stdin.fileno(), _CHUNK):
                    stream.send(data)
                else:
                    selector.unregister(sys.stdin)
                    stream.end_input()


def _send_all(stream: Hijacked) -> None:
    with contextlib.suppress(OSError, ValueError):
        while data := os.read(sys.stdin.fileno(), _CHUNK):
            stream.send(data)
    stream.end_input()


def _demultiplexer() -> Callable[[bytes], None]:
    waiting = bytearray()

    def write(data: bytes) -> None:
        waiting.extend(data)
        while len(waiting) >= HEADER and len(waiting) >= (size := HEADER + int.from_bytes(waiting[4:HEADER], "big")):
            error = waiting[0] == STDERR
            _write(sys.stderr.fileno() if error else sys.stdout.fileno(), bytes(waiting[HEADER:size]))
            del waiting[:size]

    return write


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


@contextlib.contextmanager
def _raw_mode() -> Iterator[None]:
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    tty.setraw(descriptor)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


@contextlib.contextmanager
def _resizing(resize: Callable[[int, int], None]) -> Iterator[None]:
    def tell(*_: object) -> None:
        columns, rows = os.get_terminal_size(sys.stdout.fileno())
        with contextlib.suppress(Exception):
            # The command may have ended a moment ago; a size is no longer of use then.
            resize(rows, columns)

    before = signal.signal(signal.SIGWINCH, tell)
    tell()
    try:
        yield
    finally:
        signal.signal(signal.SIGWINCH, before)
