"""Attaches a command on a node to this process's standard streams."""

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
_CHUNK_BYTES = 1 << 16
# The exit status that a shell reports for a command whose output was no longer read: 128 + SIGPIPE.
_BROKEN_PIPE_STATUS = 141


class AttachedSession(Protocol):
    """A command that was started on a node."""

    def fileno(self) -> int:
        """Return a file descriptor that is readable when output has arrived."""
        ...

    def receive_output(self) -> list[tuple[int, bytes]] | None:
        """Wait for output and return it as pairs of `STDOUT` or `STDERR` and bytes; None at the end."""
        ...

    @property
    def has_buffered_output(self) -> bool:
        """Whether output has arrived that `select` on the descriptor does not report."""
        ...

    def send_input(self, data: bytes) -> None:
        """Send data to the command's standard input; raises OSError if the command has exited."""
        ...

    def end_input(self) -> None:
        """Close the command's standard input."""
        ...

    def resize_terminal(self, rows: int, columns: int) -> None:
        """Resize the command's terminal."""
        ...

    def get_exit_status(self) -> int | None:
        """Return the exit status of a command that has exited; None if the node has stopped."""
        ...

    def close(self) -> None:
        """Close the connection to the command."""
        ...


class _ReaderGoneError(Exception):
    pass


def is_on_terminal() -> bool:
    """Return whether standard input and standard output are terminals."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def get_terminal_size() -> tuple[int, int]:
    """Return the rows and columns of the terminal; 24 and 80 without a terminal."""
    try:
        columns, rows = os.get_terminal_size(sys.stdout.fileno())
    except (OSError, ValueError):
        return 24, 80
    return rows, columns


def select_forwarded_variables(is_terminal: bool) -> dict[str, str]:
    """Return the environment variables of this process that are passed on to a command on a node."""
    names = ("TERM", "NO_COLOR") if is_terminal else ("NO_COLOR",)
    return {name: os.environ[name] for name in names if name in os.environ}


def attach_session(session: AttachedSession, is_terminal: bool, on_output: OutputCallback = ignore_output) -> int:
    """Copy data between a command and the standard streams until the command exits.

    Args:
        session: The command.
        is_terminal: Whether standard input and standard output are terminals.
        on_output: Called with each chunk of output after it is shown.

    Returns:
        The command's exit status.

    Raises:
        HostError: The node stopped while the command ran.

    """
    try:
        if is_terminal:
            with _raw_mode(), _watch_terminal_size() as resized:
                _copy_streams(session, resized, on_output)
        else:
            _copy_streams(session, None, on_output)
        status = session.get_exit_status()
    except _ReaderGoneError:
        return _BROKEN_PIPE_STATUS
    finally:
        session.close()
    if status is None:
        raise HostError("The node stopped while the command ran.", "'labs status' shows its state.")
    return status


def _copy_streams(session: AttachedSession, resized: socket.socket | None, on_output: OutputCallback) -> None:
    """Copy data until the command exits.

    Args:
        session: The command.
        resized: Is readable whenever the terminal was resized; None without a terminal.
        on_output: Called with each chunk of output.

    """
    if session.has_buffered_output and not _show_output(session, on_output):
        return
    with selectors.DefaultSelector() as selector:
        selector.register(session, selectors.EVENT_READ)
        if resized:
            selector.register(sys.stdin, selectors.EVENT_READ, lambda: _send_input_once(session))
            selector.register(resized, selectors.EVENT_READ, lambda: _resize(session, resized))
        else:
            # A file or pipe can contain more than the command reads before its output is read, so a thread sends it.
            threading.Thread(target=_send_all_input, args=(session,), daemon=True).start()
        while True:
            for key, _ in selector.select():
                if key.fileobj is session:
                    if not _show_output(session, on_output):
                        return
                elif not key.data():
                    selector.unregister(key.fileobj)


def _show_output(session: AttachedSession, on_output: OutputCallback) -> bool:
    received = session.receive_output()
    for stream, data in received or ():
        _write(sys.stderr.fileno() if stream == STDERR else sys.stdout.fileno(), data)
        on_output(data)
    return received is not None


def _send_input_once(session: AttachedSession) -> bool:
    data = os.read(sys.stdin.fileno(), _CHUNK_BYTES)
    try:
        if data:
            session.send_input(data)
            return True
    except OSError:
        # The command no longer reads its input, but its output still arrives.
        return False
    session.end_input()
    return False


def _send_all_input(session: AttachedSession) -> None:
    with contextlib.suppress(OSError, ValueError):
        while _send_input_once(session):
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
    settings = termios.tcgetattr(descriptor)
    tty.setraw(descriptor)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, settings)


def _resize(session: AttachedSession, resized: socket.socket) -> bool:
    resized.recv(_CHUNK_BYTES)
    with contextlib.suppress(Exception):
        # The command may just have exited; its terminal no longer exists then.
        session.resize_terminal(*get_terminal_size())
    return True


@contextlib.contextmanager
def _watch_terminal_size() -> Iterator[socket.socket]:
    """Yield a socket that becomes readable whenever the terminal is resized, and once at the beginning.

    The signal handler must not send the size itself: it could interrupt the sending of other data in the middle.
    """
    reader, writer = socket.socketpair()
    with reader, writer:
        writer.setblocking(False)

        def notify(*_: object) -> None:
            # A full socket is readable anyway.
            with contextlib.suppress(BlockingIOError):
                writer.send(b"!")

        previous = signal.signal(signal.SIGWINCH, notify)
        notify()
        try:
            yield reader
        finally:
            signal.signal(signal.SIGWINCH, previous)
