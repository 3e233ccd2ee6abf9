"""Boots the containers of a cluster, all at the same time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

import docker

from runner.drivers.docker import engine
from runner.drivers.docker.streams import Hijacked
from runner.errors import UnfitError
from runner.progress import Tell

# Three nodes need two seconds on an idle machine; a loaded one has been seen to need twenty.
READY_SECONDS = 90
_READY = b"LABS-READY"


def together(jobs: Sequence[tuple[str, Callable[[threading.Event], None]]], tell: Tell) -> None:
    """Run jobs at the same time; the first failure stops the others.

    Args:
        jobs: Pairs of a name and a function that gives up once the event it is given is set.
        tell: Told how many are done.

    """
    stop = threading.Event()
    with ThreadPoolExecutor(max(1, len(jobs))) as pool:
        futures = [pool.submit(job, stop) for _, job in jobs]
        try:
            for done, future in enumerate(as_completed(futures), 1):
                future.result()
                tell(f"{done} of {len(jobs)}")
        except BaseException:
            stop.set()
            raise


def until_ready(client: docker.DockerClient, container: str, name: str, stop: threading.Event) -> None:
    """Start a container and wait until it says that its engine answers.

    Args:
        client: The host's engine.
        container: A container that is not running.
        name: The node's name.
        stop: Set when there is no use in waiting any more.

    Raises:
        UnfitError: It ended, or did not become ready in time; with its log.

    """
    with engine.explained(f"booting {name}"):
        stream = Hijacked(client.api.attach_socket(container, {"stdout": 1, "stderr": 1, "stream": 1}))
        try:
            client.api.start(container)
            _await_ready(stream, name, stop, lambda: _log(client, container))
        finally:
            stream.close()


def _await_ready(stream: Hijacked, name: str, stop: threading.Event, log: Callable[[], str]) -> None:
    stream.settimeout(0.2)
    deadline = time.monotonic() + READY_SECONDS
    seen = b""
    while _READY not in seen and not stop.is_set():
        try:
            data = stream.recv()
        except TimeoutError:
            if time.monotonic() < deadline:
                continue
            raise UnfitError(
                f"{name} did not become ready within {READY_SECONDS} s.",
                "Type the same command with --keep, then 'docker ps -a' to look at what is left.",
                log(),
            ) from None
        if not data:
            raise engine.failure(f"booting {name}", "it ended before its engine answered", log())
        seen = seen[-len(_READY) :] + data


def _log(client: docker.DockerClient, container: str) -> str:
    return str(client.api.logs(container, tail=40).decode("utf-8", "replace"))


def end_all(client: docker.DockerClient, containers: Sequence[dict[str, Any]], seconds: int) -> None:
    """Shut containers down at the same time.

    Args:
        client: The host's engine.
        containers: As the engine lists them.
        seconds: How long each may take to end by itself.

    """
    with ThreadPoolExecutor(max(1, len(containers))) as pool:
        list(pool.map(lambda container: client.api.stop(container["Id"], timeout=seconds), containers))


def never() -> threading.Event:
    """Return an event that nobody sets, for what is booted alone."""
    return threading.Event()
