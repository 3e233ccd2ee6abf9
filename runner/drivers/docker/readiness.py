"""Starts node containers and waits until their engines are ready; stops containers in parallel."""

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

# Three nodes need two seconds on an idle host, and up to twenty on a loaded one.
READY_SECONDS = 90
_READY = b"LABS-READY"
_POLL_SECONDS = 0.2
_LOG_LINES = 40


class NodeBoot:
    """A node's container that was started and is booting.

    Args:
        client: The host engine.
        container: A container that is not running.
        name: The node's name.

    Raises:
        HostError: The engine cannot start it.

    """

    def __init__(self, client: docker.DockerClient, container: str, name: str) -> None:
        self._client = client
        self._container = container
        self._name = name
        with host_engine.translate_engine_errors(f"starting {name}"):
            # Attached before the start, so that the first line of output cannot be missed.
            self._stream = HijackedStream(client.api.attach_socket(container, {"stdout": 1, "stderr": 1, "stream": 1}))
            client.api.start(container)

    def wait_until_ready(self, stop: threading.Event) -> None:
        """Wait until the node reports that its engine is ready.

        Args:
            stop: Ends the wait when it is set.

        Raises:
            HostError: The node exited, or was not ready in time; with its log.

        """
        try:
            with host_engine.translate_engine_errors(f"booting {self._name}"):
                self._wait_for_line(stop)
        finally:
            self._stream.close()

    def _wait_for_line(self, stop: threading.Event) -> None:
        self._stream.set_read_timeout(_POLL_SECONDS)
        deadline = time.monotonic() + READY_SECONDS
        output = b""
        while _READY not in output and not stop.is_set():
            if time.monotonic() > deadline:
                raise HostError(
                    f"{self._name} was not ready within {READY_SECONDS} s.",
                    "Retry with --keep, then examine the containers with 'docker ps -a'.",
                    self._read_log(),
                )
            try:
                data = self._stream.receive_bytes()
            except TimeoutError:
                continue
            if not data:
                reason = "it exited before its engine was ready"
                raise host_engine.create_engine_error(f"booting {self._name}", reason, self._read_log())
            output = output[-len(_READY) :] + data

    def _read_log(self) -> str:
        return str(self._client.api.logs(self._container, tail=_LOG_LINES).decode("utf-8", "replace"))


def start_container_and_wait(client: docker.DockerClient, container: str, name: str) -> None:
    """Start one container and wait until it is ready.

    Args:
        client: The host engine.
        container: The id of the container.
        name: Its name, for messages.

    Raises:
        HostError: The engine cannot start it, it exited, or it was not ready in time.

    """
    NodeBoot(client, container, name).wait_until_ready(threading.Event())


def stop_containers(client: docker.DockerClient, containers: Sequence[dict[str, Any]], timeout: int) -> None:
    """Stop containers in parallel.

    Args:
        client: The host engine.
        containers: The containers, as the engine's API lists them.
        timeout: The number of seconds after which a container that has not exited is killed.

    """
    with ThreadPoolExecutor(max(1, len(containers))) as pool:
        list(pool.map(lambda container: client.api.stop(container["Id"], timeout=timeout), containers))
