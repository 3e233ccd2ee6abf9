"""A command in a container, started by the engine's exec."""

from __future__ import annotations

from typing import Any

from runner.drivers.common.attach import STDERR, STDOUT
from runner.drivers.docker.framing import HEADER_BYTES, HijackedStream


class ExecSession:
    """An exec that runs.

    Args:
        api: The engine's low-level client.
        exec_id: An exec created with `stdin` and, for a terminal, `tty`.
        terminal: Whether it has a terminal.

    """

    def __init__(self, api: Any, exec_id: str, terminal: bool) -> None:
        self._api = api
        self._exec_id = exec_id
        self._terminal = terminal
        self._stream = HijackedStream(api.exec_start(exec_id, tty=terminal, socket=True))
        self._waiting = bytearray()

    def fileno(self) -> int:
        """Return the stream's descriptor."""
        return self._stream.fileno()

    @property
    def has_buffered_output(self) -> bool:
        """Whether something came together with the headers."""
        return self._stream.has_buffered_output

    def receive(self) -> list[tuple[int, bytes]] | None:
        """Return the frames that are whole by now; a terminal's stream has none."""
        data = self._stream.receive()
        if not data:
            return None
        if self._terminal:
            return [(STDOUT, data)]
        self._waiting += data
        found = []
        while len(self._waiting) >= HEADER_BYTES:
            end = HEADER_BYTES + int.from_bytes(self._waiting[4:HEADER_BYTES], "big")
            if len(self._waiting) < end:
                break
            stream = STDERR if self._waiting[0] == STDERR else STDOUT
            found.append((stream, bytes(self._waiting[HEADER_BYTES:end])))
            del self._waiting[:end]
        return found

    def send(self, data: bytes) -> None:
        """Send to the command's standard input."""
        self._stream.send(data)

    def end_input(self) -> None:
        """End its standard input."""
        self._stream.end_input()

    def resize(self, rows: int, columns: int) -> None:
        """Resize its terminal."""
        self._api.exec_resize(self._exec_id, rows, columns)

    def get_exit_status(self) -> int | None:
        """Ask the engine for the exit status."""
        status: int | None = self._api.exec_inspect(self._exec_id)["ExitCode"]
        return status

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()
