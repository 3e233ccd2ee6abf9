"""Waiting for a node's container, which is played by a socket."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest

from runner.drivers.docker import readiness
from runner.errors import HostError


class Engine:
    """An engine whose one container says something over and over, and then hangs up or not."""

    def __init__(self, words: bytes, times: int) -> None:
        self.api = self
        self._ours, self._theirs = socket.socketpair()
        self._words, self._times = words, times

    def attach_socket(self, _container: str, _wanted: dict[str, int]) -> socket.socket:
        """Give what the container says."""
        return self._theirs

    def start(self, _container: str) -> None:
        """Let it begin."""
        threading.Thread(target=self._speak, daemon=True).start()

    def _speak(self) -> None:
        with self._ours:
            for _ in range(self._times):
                try:
                    self._ours.sendall(self._words)
                except OSError:
                    return
                threading.Event().wait(0.01)

    def logs(self, _container: str, **_options: Any) -> bytes:
        """Give its last lines."""
        return b"its last lines"


def test_ready() -> None:
    """A node that says so is ready."""
    readiness.start_and_wait(Engine(b"warming up LABS-READY", 1), "1", "node1")


def test_ended() -> None:
    """A node that ends before is told with its log."""
    with pytest.raises(HostError, match="ended before its engine answered") as caught:
        readiness.start_and_wait(Engine(b"no room", 1), "1", "node1")
    assert "its last lines" == caught.value.log


def test_talkative(monkeypatch: pytest.MonkeyPatch) -> None:
    """A node that has much to say and is never ready is not waited for without end."""
    monkeypatch.setattr(readiness, "READY_SECONDS", 0.3)
    with pytest.raises(HostError, match=r"node1 did not become ready within 0\.3 s"):
        readiness.start_and_wait(Engine(b"not yet", 300), "1", "node1")
