"""Bringing images into an engine, as far as no engine is needed for that."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from docker.errors import APIError, ImageNotFound

from runner.drivers.docker import images
from runner.status import DetailCallback, NullReporter


class Engine:
    """An engine with no image, which pulls all but `lost:1`, and is never done with `large:1`."""

    def __init__(self) -> None:
        self.api = self
        self.pulled: list[str] = []

    def inspect_image(self, name: str) -> dict[str, Any]:
        """Know what was pulled."""
        if name not in self.pulled:
            raise ImageNotFound(name)
        return {}

    def pull(self, repository: str, *, tag: str, stream: bool) -> Iterator[bytes]:
        """Say something now and then."""
        assert stream
        until = time.monotonic() + (10 if repository == "large" else 0)
        yield b"Pulling"
        while time.monotonic() < until:
            time.sleep(0.01)
            yield b"."
        if repository == "lost":
            raise APIError("toomanyrequests")
        self.pulled.append(f"{repository}:{tag}")


class Interrupted(NullReporter):
    """A story that is interrupted at the first detail."""

    @contextmanager
    def step(self, name: str) -> Iterator[DetailCallback]:
        """Interrupt the block."""

        def tell(_detail: str) -> None:
            raise KeyboardInterrupt

        yield tell


def test_pulled() -> None:
    """What a registry gives is real, and what it does not give is not."""
    assert {"small:1"} == images._real(Engine(), ["lost:1", "small:1"], True, NullReporter())


def test_no_registry() -> None:
    """Where no registry answers, none is asked."""
    engine = Engine()
    assert (set(), []) == (images._real(engine, ["small:1"], False, NullReporter()), engine.pulled)


def test_interrupted() -> None:
    """An interruption does not wait for the pulls that are under way."""
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        images._real(Engine(), ["small:1", "large:1", "large:2"], True, Interrupted())
    assert 5 > time.monotonic() - began
