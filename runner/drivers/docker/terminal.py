"""Joins an exec to this process's own standard streams."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import sys
import termios
import threading
import tty
from collections.abc import Callable, Iterator
from typing import Any

from runner.drivers.docker.streams import HEADER, STDERR, Hijacked
from runner.errors import UnfitError

_CHUNK = 1 << 16
# What a shell reports of a command whose reader has gone, 128 + SIGPIPE.
_BROKEN_PIPE = 141


class _ReaderGoneError(Exception):
    pass


def join(api: Any, exec_id: str, terminal: bool) -> int:
    """Start an exec and carry bytes between it and the standard streams until it ends.

    Args:
        api: The engine's low-level client.
        exec_id: An exec created with `stdin` and, for a terminal, `tty`.
        terminal: Whether both sides are terminals.

    Returns:
        The command's exit status.

    Raises:
        UnfitError: The node went away meanwhile.

    """
    stream = Hijacked(api.exec_start(exec_id, tty=terminal, socket=True))
    try:
        if terminal:
            with _raw_mode(), _resizing(lambda rows, columns: api.exec_resize(exec_id, rows, columns)):
                _carry(stream, lambda data: _write(sys.stdout.fileno(), data))
        else:
            _carry(stream, _demultiplexer())
    except _ReaderGoneError:
        return _BROKEN_PIPE
    finally:
        stream.close()
    status = api.exec_inspect(exec_id)["ExitCode"]
    if status is None:
        raise UnfitError("The node went away while the command ran.", "'labs status' shows its state.")
    return int(status)


def _carry(stream: Hijacked, write: Callable[[bytes], None]) -> None:
    if stream.has_early:
        write(stream.recv())
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        try:
            selector.register(sys.stdin, selectors.EVENT_READ)
        except (OSError, ValueError):
            # A plain file cannot be waited for; it is read beside the output, lest each wait for the other.
            threading.Thread(target=_send_all, args=(stream,), daemon=True).start()
        while True:
            for key, _ in selector.select():
                if key.fileobj is stream:
                    data = stream.recv()
                    if not data:
                        return
                    write(data)
                elif not _send_some(stream):
                    selector.unregister(sys.stdin)


def _send_some(stream: Hijacked) -> bool:
    data = os.read(sys.stdin.fileno(), _CHUNK)
    try:
        if data:
            stream.send(data)
            return True
    except OSError:
        # The command does not read any more; its output still comes.
        return False
    stream.end_input()
    return False


def _send_all(stream: Hijacked) -> None:
    with contextlib.suppress(OSError, ValueError):
        while _send_some(stream):
            pass


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
    try:
        while data:
            data = data[os.write(descriptor, data) :]
    except BrokenPipeError as error:
        raise _ReaderGoneError from error


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
