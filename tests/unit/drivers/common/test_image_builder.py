"""Tests of the flow that provides images, with a back end in memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runner.drivers.common.image_builder import StoredImage, build_image_set
from runner.drivers.common.image_set import ImageSet
from runner.errors import HostError
from runner.images import debian_base, recipe
from runner.images.recipe import Recipe
from runner.nodes.driver_interface import NodeImage
from runner.status import DetailCallback, NullReporter

VOTE = "dockersamples/examplevotingapp_vote:latest"


@pytest.fixture(autouse=True)
def _no_package_mirrors(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Hide apt-get: it takes a while to list this host's package mirrors, which are not what these tests are about."""
    monkeypatch.setenv("PATH", str(tmp_path))


class MemoryBackend:
    """A back end that records its pulls and builds. It cannot pull `lost`, and pulls of `slow` never end."""

    node_recipe_name = recipe.NODE

    def __init__(self, *stored: str, is_online: bool = True) -> None:
        self.stored = list(stored)
        self.pulled: list[str] = []
        self.built: list[str] = []
        self.cancelled = threading.Event()
        self._is_online = is_online

    def is_registry_reachable(self) -> bool:
        """Return the state that the test has set."""
        return self._is_online

    def get_pulled_tag(self, name: str) -> str:
        """Keep pulled images under another tag, as buildah does."""
        return f"registry/{name}"

    def find_stored_images(self, tags: Iterable[str]) -> dict[str, StoredImage]:
        """Return ids that contain the tags."""
        return {tag: StoredImage(f"id of {tag}", len(tag)) for tag in tags if tag in self.stored}

    def try_pull_image(self, name: str) -> bool:
        """Pull, fail, or wait to be cancelled."""
        if name.startswith("slow"):
            assert self.cancelled.wait(10)
        if name.startswith("lost"):
            return False
        self.pulled.append(name)
        self.stored.append(self.get_pulled_tag(name))
        return True

    def build_base_image(self, tag: str, is_online: bool, report_detail: DetailCallback) -> None:
        """Record the build."""
        assert self._is_online == is_online
        self._build(recipe.BASE, tag)

    def build_image(self, source: Recipe, tag: str, base_tag: str, report_detail: DetailCallback) -> None:
        """Check that the base exists, and record the build."""
        assert base_tag in self.stored
        report_detail("Step 1/1")
        self._build(source.name, tag)

    def _build(self, name: str, tag: str) -> None:
        self.built.append(name)
        self.stored.append(tag)

    def cancel_builds(self) -> None:
        """End the slow pulls."""
        self.cancelled.set()


class InterruptingReporter(NullReporter):
    """A reporter that is interrupted at the first detail of a pull."""

    @contextmanager
    def report_step(self, name: str) -> Iterator[DetailCallback]:
        """Yield a callback that raises."""

        def report_detail(_detail: str) -> None:
            if name.startswith("Pulling"):
                raise KeyboardInterrupt

        yield report_detail


def build(backend: MemoryBackend, *names: str, current: ImageSet | None = None) -> ImageSet:
    """Build an image set without showing the steps."""
    return build_image_set(backend, current, names, NullReporter())


def test_pulled() -> None:
    """What a registry provides is the real image; only the node image and its base are built."""
    backend = MemoryBackend()
    built = build(backend, "redis:alpine")
    assert (NodeImage("redis:alpine", "id of registry/redis:alpine", "", len("registry/redis:alpine")),) == built.images
    assert [recipe.BASE, recipe.NODE] == backend.built


def test_stand_in() -> None:
    """Without a registry an image is built from its recipe, and described with the recipe's content and version."""
    backend = MemoryBackend(is_online=False)
    image = build(backend, "redis:alpine").images[0]
    assert [] == backend.pulled
    assert (True, recipe.compute_recipe_version("redis")) == (bool(image.stand_in), image.version)


def test_failed_pull(monkeypatch: pytest.MonkeyPatch) -> None:
    """If a pull fails, as with a pull limit, the stand-in is built."""
    backend = MemoryBackend()
    monkeypatch.setattr(backend, "try_pull_image", lambda _name: False)
    assert build(backend, "redis:alpine").images[0].stand_in


def test_stored() -> None:
    """Images that the back end has already are neither pulled nor built again."""
    tags = recipe.compute_image_tags(debian_base.hash_host_inputs())
    backend = MemoryBackend("registry/redis:alpine", tags[recipe.BASE], tags[recipe.NODE])
    assert f"id of {tags[recipe.NODE]}" == build(backend, "redis:alpine").node_image
    assert ([], []) == (backend.pulled, backend.built)


def test_labs_program() -> None:
    """The labs' own programs are built even if a registry has an image of that name."""
    backend = MemoryBackend(f"registry/{VOTE}")
    assert build(backend, VOTE).images[0].stand_in
    assert "vote" in backend.built


def test_unobtainable() -> None:
    """A name that no registry provides and no recipe builds is an error that names it."""
    with pytest.raises(HostError, match="lost:1"):
        build(MemoryBackend(), "lost:1")


def test_current_names_stay() -> None:
    """The names of the current set stay in the new one, so that two labs do not evict each other's images."""
    first = build(MemoryBackend(), "redis:alpine")
    second = build(MemoryBackend(), "nginx:alpine", current=first)
    assert ["nginx:alpine", "redis:alpine"] == [image.name for image in second.images]


def test_outdated_is_dropped() -> None:
    """A stand-in of an older recipe is dropped from the set, not rebuilt, until a lab needs it."""
    outdated = NodeImage("redis:alpine", "id", "Redis", 1, "older")
    backend = MemoryBackend(is_online=False)
    built = build(backend, "nginx:alpine", current=ImageSet("node", (outdated,)))
    assert ["nginx:alpine"] == [image.name for image in built.images]


def test_unchanged() -> None:
    """A set that needs no change is equal to the current one, so that the driver need not prepare it again."""
    backend = MemoryBackend()
    current = build(backend, "redis:alpine", "nginx:alpine")
    assert current == build(backend, "nginx:alpine", current=current)


def test_interrupted_pull() -> None:
    """An interruption cancels the running pulls and does not wait for them to complete."""
    backend = MemoryBackend()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        build_image_set(backend, None, ["redis:alpine", "slow:1", "slow:2"], InterruptingReporter())
    assert backend.cancelled.is_set()
    assert 5 > time.monotonic() - began
