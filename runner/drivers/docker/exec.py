"""A command in a container, which the engine runs as an exec."""

from __future__ import annotations

from typing import Any

from runner.drivers.common.attach import STDERR, STDOUT
from runner.drivers.docker.framing import HEADER_BYTES, HijackedStream


class ExecSession:
    """A running exec.

    Args:
        api: The engine's low-level client.
        exec_id: An exec created with `stdin` and, for a terminal, `tty`.
        has_terminal: Whether it has a terminal.

    """

    def __init__(self, api: Any, exec_id: str, has_terminal: bool) -> None:
        self._api = api
        self._exec_id = exec_id
        self._has_terminal = has_terminal
        self._stream = HijackedStream(api.exec_start(exec_id, tty=has_terminal, socket=True))
        self._partial = bytearray()

    def fileno(self) -> int:
        """Return the stream's descriptor."""
        return self._stream.fileno()

    @property
    def has_buffered_output(self) -> bool:
        """Whether output arrived together with the response's headers."""
        return self._stream.has_buffered_output

    def receive_output(self) -> list[tuple[int, bytes]] | None:
        """Return the frames that are complete by now; the stream of a terminal has no frames."""
        data = self._stream.receive_bytes()
        if not data:
            return None
        if self._has_terminal:
            return [(STDOUT, data)]
        self._partial += data
        frames = []
        while len(self._partial) >= HEADER_BYTES:
            end = HEADER_BYTES + int.from_bytes(self._partial[4:HEADER_BYTES], "big")
            if len(self._partial) < end:
                break
            stream = STDERR if self._partial[0] == STDERR else STDOUT
            frames.append((stream, bytes(self._partial[HEADER_BYTES:end])))
            del self._partial[:end]
        return frames

    def send_input(self, data: bytes) -> None:
        """Send data to the command's standard input."""
        self._stream.send_bytes(data)

    def end_input(self) -> None:
        """Close the command's standard input."""
        self._stream.end_input()

    def resize_terminal(self, rows: int, columns: int) -> None:
        """Resize the command's terminal."""
        self._api.exec_resize(self._exec_id, rows, columns)

    def get_exit_status(self) -> int | None:
        """Ask the engine for the exit status."""
        status: int | None = self._api.exec_inspect(self._exec_id)["ExitCode"]
        return status

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()
