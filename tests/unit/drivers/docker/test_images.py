"""Tests of the host engine as a back end for images, with a fake engine."""

from __future__ import annotations

import time
from collections.abc import Iterator
from threading import Timer
from typing import Any

import pytest
from docker.errors import APIError, ImageNotFound

from runner.drivers.docker import images
from runner.drivers.docker.images import BuildCancelledError, EngineBackend


class FakeEngine:
    """An engine without images, which can pull all but `lost:1`, and never completes a pull of `large:1`."""

    def __init__(self) -> None:
        self.api = self
        self.pulled: list[str] = []

    def inspect_image(self, name: str) -> dict[str, Any]:
        """Describe what was pulled."""
        if name not in self.pulled:
            raise ImageNotFound(name)
        return {"Id": f"id of {name}", "Size": 7}

    def pull(self, repository: str, *, tag: str, stream: bool, auth_config: object) -> Iterator[bytes]:
        """Yield messages."""
        assert stream
        until = time.monotonic() + (10 if repository == "large" else 0)
        yield b"Pulling"
        while time.monotonic() < until:
            time.sleep(0.01)
            yield b"."
        if repository == "lost":
            raise APIError("toomanyrequests")
        self.pulled.append(f"{repository}:{tag}")


def test_pull() -> None:
    """A pulled image is found under its official name."""
    backend = EngineBackend(FakeEngine())
    assert backend.try_pull_image("small:1")
    stored = backend.find_stored_images([backend.get_pulled_tag("small:1"), "other:1"])
    assert [("small:1", "id of small:1", 7)] == [(tag, image.id, image.size) for tag, image in stored.items()]


def test_failed_pull() -> None:
    """A pull that the registry refuses is not an error: a stand-in image may take its place."""
    assert not EngineBackend(FakeEngine()).try_pull_image("lost:1")


def test_cancel() -> None:
    """Cancelling ends a running pull at the engine's next message."""
    backend = EngineBackend(FakeEngine())
    began = time.monotonic()
    Timer(0.1, backend.cancel_builds).start()
    with pytest.raises(BuildCancelledError):
        backend.try_pull_image("large:1")
    assert 5 > time.monotonic() - began


@pytest.mark.parametrize("url", ["http://127.0.0.1:3128", "localhost:3128", "http://[::1]:3128"])
def test_proxy_on_loopback_interface(url: str) -> None:
    """A build gets the proxy of this host only if its container can reach it."""
    arguments = {"http_proxy": url, "HTTPS_PROXY": "http://proxy.example:3128", "no_proxy": "localhost,mirror"}
    assert {"HTTPS_PROXY", "no_proxy"} == set(images._select_proxy_arguments(arguments))
