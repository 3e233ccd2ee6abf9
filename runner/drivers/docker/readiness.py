"""Boots the containers of a cluster, all at the same time."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import docker

from runner.drivers.docker import host_engine
from runner.drivers.docker.framing import HijackedStream
from runner.errors import HostError

# Three nodes need two seconds on an idle machine; a loaded one has been seen to need twenty.
READY_SECONDS = 90
_READY = b"LABS-READY"


class NodeBoot:
    """A node's container that has been started and is on its way up.

    Args:
        client: The host's engine.
        container: A container that is not running.
        name: The node's name.

    Raises:
        HostError: The engine cannot start it.

    """

    def __init__(self, client: docker.DockerClient, container: str, name: str) -> None:
        self._client = client
        self._container = container
        self._name = name
        with host_engine.explain_errors(f"starting {name}"):
            # Before the start, lest a first line be missed.
            self._stream = HijackedStream(client.api.attach_socket(container, {"stdout": 1, "stderr": 1, "stream": 1}))
            client.api.start(container)

    def wait_until_ready(self, stop: threading.Event) -> None:
        """Wait until the node says that its engine answers.

        Args:
            stop: Set when there is no use in waiting any more.

        Raises:
            HostError: It ended, or did not become ready in time; with its log.

        """
        try:
            with host_engine.explain_errors(f"booting {self._name}"):
                self._await_ready(stop)
        finally:
            self._stream.close()

    def _await_ready(self, stop: threading.Event) -> None:
        self._stream.set_timeout(0.2)
        deadline = time.monotonic() + READY_SECONDS
        seen = b""
        while _READY not in seen and not stop.is_set():
            if time.monotonic() > deadline:
                raise HostError(
                    f"{self._name} did not become ready within {READY_SECONDS} s.",
                    "Type the same command with --keep, then 'docker ps -a' to look at what is left.",
                    self._log(),
                )
            try:
                data = self._stream.receive()
            except TimeoutError:
                continue
            if not data:
                raise host_engine.create_error(
                    f"booting {self._name}", "it ended before its engine answered", self._log()
                )
            seen = seen[-len(_READY) :] + data

    def _log(self) -> str:
        return str(self._client.api.logs(self._container, tail=40).decode("utf-8", "replace"))


def start_and_wait(client: docker.DockerClient, container: str, name: str) -> None:
    """Start one container and wait until it is ready.

    Raises:
        HostError: As `Booting` does.

    """
    NodeBoot(client, container, name).wait_until_ready(threading.Event())


def stop_containers(client: docker.DockerClient, containers: Sequence[dict[str, Any]], seconds: int) -> None:
    """Shut containers down at the same time.

    Args:
        client: The host's engine.
        containers: As the engine lists them.
        seconds: How long each may take to end by itself.

    """
    with ThreadPoolExecutor(max(1, len(containers))) as pool:
        list(pool.map(lambda container: client.api.stop(container["Id"], timeout=seconds), containers))
