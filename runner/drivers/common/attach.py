"""Joins a command on a node to this process's own standard streams."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import sys
import termios
import threading
import tty
from collections.abc import Iterator
from typing import Protocol

from runner.errors import HostError
from runner.nodes.driver_interface import OutputCallback, ignore_output

STDOUT, STDERR = 1, 2
_CHUNK = 1 << 16
# What a shell reports of a command whose reader has gone, 128 + SIGPIPE.
_BROKEN_PIPE = 141


class AttachedSession(Protocol):
    """A command that has been started on a node."""

    def fileno(self) -> int:
        """Return a descriptor that is readable when something has come."""
        ...

    def receive(self) -> list[tuple[int, bytes]] | None:
        """Return what has come, as pairs of `OUTPUT` or `ERROR` and bytes; wait for it if need be; None at the end."""
        ...

    @property
    def has_buffered_output(self) -> bool:
        """Whether something has come that the descriptor does not tell of."""
        ...

    def send(self, data: bytes) -> None:
        """Send to the command's standard input; raises OSError if it has ended."""
        ...

    def end_input(self) -> None:
        """End the command's standard input."""
        ...

    def resize(self, rows: int, columns: int) -> None:
        """Give the command's terminal another size."""
        ...

    def get_exit_status(self) -> int | None:
        """Return the exit status of a command that has ended; None if the node went away."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class _ReaderGoneError(Exception):
    pass


def is_on_terminal() -> bool:
    """Whether this process stands on a terminal at both sides."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def get_terminal_size() -> tuple[int, int]:
    """Return the rows and columns of our terminal, or what is usual where there is none."""
    try:
        columns, rows = os.get_terminal_size(sys.stdout.fileno())
    except (OSError, ValueError):
        return 24, 80
    return rows, columns


def select_environment(is_terminal: bool) -> dict[str, str]:
    """Return the variables of ours that a command on a node should know."""
    passed_on = ("TERM", "NO_COLOR") if is_terminal else ("NO_COLOR",)
    return {name: os.environ[name] for name in passed_on if name in os.environ}


def attach_session(session: AttachedSession, is_terminal: bool, on_output: OutputCallback = ignore_output) -> int:
    """Carry bytes between a command and the standard streams until it ends.

    Args:
        session: The command.
        terminal: Whether both sides are terminals.
        heard: Called with whatever the command has printed, once that is shown.

    Returns:
        The command's exit status.

    Raises:
        HostError: The node went away meanwhile.

    """
    try:
        if is_terminal:
            with _raw_mode(), _resizes() as resized:
                _carry(session, resized, on_output)
        else:
            _carry(session, None, on_output)
        status = session.get_exit_status()
    except _ReaderGoneError:
        return _BROKEN_PIPE
    finally:
        session.close()
    if status is None:
        raise HostError("The node went away while the command ran.", "'labs status' shows its state.")
    return status


def _carry(session: AttachedSession, resized: socket.socket | None, on_output: OutputCallback) -> None:
    """Carry until the command ends.

    Args:
        session: The command.
        resized: Has something to read whenever our terminal has another size; None where we have none.
        heard: Called with whatever the command has printed.

    """
    if session.has_buffered_output and not _show(session, on_output):
        return
    with selectors.DefaultSelector() as selector:
        selector.register(session, selectors.EVENT_READ)
        if resized:
            selector.register(sys.stdin, selectors.EVENT_READ, lambda: _send_some(session))
            selector.register(resized, selectors.EVENT_READ, lambda: _resize(session, resized))
        else:
            # A file or a pipe may have more than the command takes before it is rid of its output: neither must wait.
            threading.Thread(target=_send_all, args=(session,), daemon=True).start()
        while True:
            for key, _ in selector.select():
                if key.fileobj is session:
                    if not _show(session, on_output):
                        return
                elif not key.data():
                    selector.unregister(key.fileobj)


def _show(session: AttachedSession, on_output: OutputCallback) -> bool:
    came = session.receive()
    for stream, data in came or ():
        _write(sys.stderr.fileno() if stream == STDERR else sys.stdout.fileno(), data)
        on_output(data)
    return came is not None


def _send_some(session: AttachedSession) -> bool:
    data = os.read(sys.stdin.fileno(), _CHUNK)
    try:
        if data:
            session.send(data)
            return True
    except OSError:
        # The command does not read any more; its output still comes.
        return False
    session.end_input()
    return False


def _send_all(session: AttachedSession) -> None:
    with contextlib.suppress(OSError, ValueError):
        while _send_some(session):
            pass


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


def _resize(session: AttachedSession, resized: socket.socket) -> bool:
    resized.recv(_CHUNK)
    with contextlib.suppress(Exception):
        # The command may have ended a moment ago; a size is no longer of use then.
        session.resize(*get_terminal_size())
    return True


@contextlib.contextmanager
def _resizes() -> Iterator[socket.socket]:
    """Give a socket that tells of each new size of our terminal, and at once of the one it has.

    Told by the signal's handler itself, a size could get into the middle of what is just being sent.
    """
    reader, writer = socket.socketpair()
    with reader, writer:
        writer.setblocking(False)

        def tell(*_: object) -> None:
            # A full socket tells as well as one more byte would.
            with contextlib.suppress(BlockingIOError):
                writer.send(b"!")

        before = signal.signal(signal.SIGWINCH, tell)
        tell()
        try:
            yield reader
        finally:
            signal.signal(signal.SIGWINCH, before)
