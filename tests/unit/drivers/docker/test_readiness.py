"""Tests of waiting until a node's container is ready, with a socket in place of the container."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest

from runner.drivers.docker import readiness
from runner.errors import HostError


class FakeEngine:
    """An engine whose only container prints a text several times and then exits."""

    def __init__(self, text: bytes, times: int) -> None:
        self.api = self
        self._ours, self._theirs = socket.socketpair()
        self._text, self._times = text, times

    def attach_socket(self, _container: str, _options: dict[str, int]) -> socket.socket:
        """Return the container's output stream."""
        return self._theirs

    def start(self, _container: str) -> None:
        """Start printing."""
        threading.Thread(target=self._print, daemon=True).start()

    def _print(self) -> None:
        with self._ours:
            for _ in range(self._times):
                try:
                    self._ours.sendall(self._text)
                except OSError:
                    return
                threading.Event().wait(0.01)

    def logs(self, _container: str, **_options: Any) -> bytes:
        """Return the last lines of the log."""
        return b"its last lines"


def test_ready() -> None:
    """A node is ready as soon as it prints the ready line."""
    readiness.start_container_and_wait(FakeEngine(b"warming up LABS-READY", 1), "1", "node1")


def test_exited() -> None:
    """A node that exits before is an error with the node's log."""
    with pytest.raises(HostError, match="exited before its engine was ready") as caught:
        readiness.start_container_and_wait(FakeEngine(b"no room", 1), "1", "node1")
    assert "its last lines" == caught.value.log


def test_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wait for a node that prints much and never becomes ready has a time limit."""
    monkeypatch.setattr(readiness, "READY_SECONDS", 0.3)
    with pytest.raises(HostError, match=r"node1 was not ready within 0\.3 s"):
        readiness.start_container_and_wait(FakeEngine(b"not yet", 300), "1", "node1")
