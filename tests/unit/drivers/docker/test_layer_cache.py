"""Tests of finding and removing layer caches, on a fake engine."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import requests
from docker.errors import APIError, ImageNotFound, NotFound

from runner.drivers.common.image_set import ImageSet
from runner.drivers.docker import labels, layer_cache, project_lock
from runner.images import recipe
from runner.nodes.driver_interface import NodeImage
from runner.storage import codec
from tests.support import helpers

NODE, BASE, REDIS = "sha256:node", "sha256:base", "sha256:redis"
IMAGES = (NodeImage("redis:alpine", REDIS, "Redis", 1, "v"),)


class FakeEngine:
    """An engine that has images, volumes and containers in memory."""

    def __init__(self) -> None:
        self.api = self
        self.stored_images: dict[str, dict[str, str]] = {}
        self.stored_volumes: dict[str, dict[str, str]] = {}
        self.stored_containers: dict[str, dict[str, str]] = {}
        self.used_volumes: set[str] = set()

    def images(self, *, filters: Mapping[str, Any]) -> list[dict[str, Any]]:
        """List images; those that were created later have a later time."""
        matching = self._select(self.stored_images, filters)
        return [{"Id": name, "Labels": self.stored_images[name], "Created": number} for number, name in matching]

    def volumes(self, *, filters: Mapping[str, Any]) -> dict[str, Any]:
        """List volumes."""
        matching = self._select(self.stored_volumes, filters)
        return {"Volumes": [{"Name": name, "Labels": self.stored_volumes[name]} for _, name in matching]}

    def containers(self, *, all: bool, filters: Mapping[str, Any]) -> list[dict[str, Any]]:  # noqa: A002 - the SDK's
        """List containers."""
        assert all
        return [{"Id": name} for _, name in self._select(self.stored_containers, filters)]

    def networks(self, *, filters: Mapping[str, Any]) -> list[dict[str, Any]]:
        """List no networks."""
        return []

    @staticmethod
    def _select(objects: Mapping[str, Mapping[str, str]], filters: Mapping[str, Any]) -> list[tuple[int, str]]:
        def matches(own_labels: Mapping[str, str], label_filter: str) -> bool:
            key, has_value, value = label_filter.partition("=")
            return key in own_labels and (not has_value or own_labels[key] == value)

        return [
            (number, name)
            for number, (name, own_labels) in enumerate(objects.items())
            if filters.get("reference", name) == name
            and all(matches(own_labels, label_filter) for label_filter in filters.get("label", []))
        ]

    def inspect_volume(self, name: str) -> dict[str, Any]:
        """Describe a volume."""
        if name not in self.stored_volumes:
            raise NotFound(name)
        return {"Labels": self.stored_volumes[name]}

    def inspect_image(self, name: str) -> dict[str, Any]:
        """Describe an image."""
        if name not in self.stored_images:
            raise ImageNotFound(name)
        return {"Id": name}

    def remove_volume(self, name: str, *, force: bool) -> None:
        """Remove a volume, unless a container uses it."""
        assert force
        if name in self.used_volumes:
            response = requests.Response()
            response.status_code = HTTPStatus.CONFLICT
            raise APIError("volume is in use", response=response)
        del self.stored_volumes[name]

    def remove_image(self, name: str, *, force: bool) -> None:
        """Remove an image."""
        assert force
        del self.stored_images[name]

    def add_cache(self, name: str, project: str, *, version: str = "", label: str = labels.LAYER_CACHE) -> None:
        """Add a layer cache of a project: its volume and its record."""
        lock = {} if label == labels.OLD_LAYER_CACHE else {labels.LOCK: project_lock.describe_lock_location(project)}
        self.stored_volumes[name] = {labels.PROJECT: project, label: "yes", **lock}
        self.stored_images[f"record of {name}"] = {
            **labels.IMAGES,
            label: version or recipe.compute_recipe_version(recipe.NODE),
            labels.OWNER: project,
            labels.NODE: NODE,
            labels.VOLUME: name,
            labels.CONTENTS: codec.encode_json(IMAGES),
            **lock,
        }


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """Return an engine with three images and no layer cache."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    engine = FakeEngine()
    for name, made_from in ((BASE, recipe.BASE), (NODE, recipe.NODE), (REDIS, "redis")):
        engine.stored_images[name] = {**labels.IMAGES, labels.RECIPE: made_from}
    return engine


def test_prune_old_root(engine: FakeEngine) -> None:
    """The image without labels on which earlier versions built the base image is removed."""
    engine.add_cache("only", "labs")
    engine.stored_images["labs/root"] = {}
    layer_cache.prune_images(engine, remove_all=False)
    assert "labs/root" not in engine.stored_images


def test_find(engine: FakeEngine) -> None:
    """The newest cache of this project and this version of the recipes is found."""
    engine.add_cache("first", "labs")
    engine.add_cache("newest", "labs")
    engine.add_cache("outdated", "labs", version="other")
    engine.add_cache("foreign", "other")
    cache = layer_cache.find_current_layer_cache(engine)
    assert layer_cache.LayerCache("newest", ImageSet(NODE, IMAGES)) == cache


@pytest.mark.parametrize("missing", ["volume", "label", "node image"])
def test_incomplete(engine: FakeEngine, missing: str) -> None:
    """A cache is not found if its volume or node image was removed, or if its volume was created again."""
    engine.add_cache("only", "labs")
    if missing == "node image":
        del engine.stored_images[NODE]
    else:
        del engine.stored_volumes["only"]
    if missing == "label":
        engine.stored_volumes["only"] = {}
    assert layer_cache.find_current_layer_cache(engine) is None


def test_leftovers(engine: FakeEngine) -> None:
    """Removing leftovers keeps the current cache, and removes older ones and volumes without a record."""
    engine.add_cache("older", "labs")
    engine.add_cache("earlier version", "labs", label=labels.OLD_LAYER_CACHE)
    engine.stored_volumes["interrupted"] = {labels.PROJECT: "labs", labels.LAYER_CACHE: "yes"}
    engine.add_cache("current", "labs")
    layer_cache.remove_unused_caches(engine)
    assert ["current"] == list(engine.stored_volumes)
    assert {BASE, NODE, REDIS, "record of current"} == set(engine.stored_images)


@pytest.mark.parametrize("label", [labels.LAYER_CACHE, labels.OLD_LAYER_CACHE])
def test_dead_project(engine: FakeEngine, label: str) -> None:
    """The cache of a project without clusters and running commands is removed, also that of an earlier version."""
    engine.add_cache("dead", "labs-test-1", label=label)
    layer_cache.remove_unused_caches(engine)
    assert {} == engine.stored_volumes
    assert {BASE, NODE, REDIS} == set(engine.stored_images)


@pytest.mark.parametrize("remove_all", [True, False])
def test_prune_dead_project(engine: FakeEngine, remove_all: bool) -> None:
    """Pruning removes the cache of a dead project, and the images that only this cache needed."""
    engine.add_cache("dead", "labs-test-1")
    layer_cache.prune_images(engine, remove_all)
    assert ({}, {}) == (engine.stored_volumes, engine.stored_images)


@pytest.mark.parametrize("label", [labels.LAYER_CACHE, labels.OLD_LAYER_CACHE])
@pytest.mark.parametrize("reason", ["cluster", "lock"])
def test_live_project(engine: FakeEngine, reason: str, label: str) -> None:
    """The cache of a project with a cluster, even an incomplete one, or with a running command is kept."""
    engine.add_cache("live", "labs-test-1", label=label)
    if reason == "cluster":
        engine.stored_containers["node1"] = {labels.PROJECT: "labs-test-1", labels.LAB: "tiny"}
        layer_cache.prune_images(engine, remove_all=True)
    else:
        with project_lock.acquire_project_lock("labs-test-1"):
            layer_cache.prune_images(engine, remove_all=True)
    assert ["live"] == list(engine.stored_volumes)
    assert {BASE, NODE, REDIS, "record of live"} == set(engine.stored_images)


def test_other_host(engine: FakeEngine) -> None:
    """The cache of a project on another host is kept: its lock cannot be examined."""
    engine.add_cache("elsewhere", "labs-test-1")
    engine.stored_volumes["elsewhere"][labels.LOCK] = "host id /home/me/.cache/labs/projects/labs-test-1.lock"
    engine.stored_images["record of elsewhere"][labels.LOCK] = engine.stored_volumes["elsewhere"][labels.LOCK]
    layer_cache.remove_unused_caches(engine)
    assert ["elsewhere"] == list(engine.stored_volumes)


def test_default_project(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The default project keeps its cache while it has no cluster, whatever other projects remove."""
    monkeypatch.setenv("LABS_PROJECT", "labs-test-1")
    engine.add_cache("default", "labs")
    layer_cache.prune_images(engine, remove_all=True)
    assert ["default"] == list(engine.stored_volumes)
    assert REDIS in engine.stored_images


def test_prune(engine: FakeEngine) -> None:
    """Pruning keeps the current cache and its images, and removes images that no cache needs."""
    engine.add_cache("current", "labs")
    engine.stored_images["sha256:old"] = dict(labels.IMAGES)
    engine.stored_images["sha256:foreign"] = {"com.example": "1"}
    assert 1 == layer_cache.prune_images(engine, remove_all=False)
    assert {BASE, NODE, REDIS, "record of current", "sha256:foreign"} == set(engine.stored_images)


def test_prune_all(engine: FakeEngine) -> None:
    """Pruning everything removes the current cache, too, and the images that no other project needs."""
    engine.add_cache("current", "labs")
    engine.add_cache("dead", "labs-test-1")
    assert 7 == layer_cache.prune_images(engine, remove_all=True)
    assert ({}, {}) == (engine.stored_volumes, engine.stored_images)


def test_used_volume(engine: FakeEngine) -> None:
    """A cache that the nodes of a cluster use is kept together with its record and its images."""
    engine.add_cache("used", "labs", version="other")
    engine.used_volumes.add("used")
    layer_cache.prune_images(engine, remove_all=False)
    assert ["used"] == list(engine.stored_volumes)
    assert {BASE, NODE, REDIS, "record of used"} == set(engine.stored_images)


def test_unreadable_record(engine: FakeEngine) -> None:
    """The record of a version that wrote another format is removed, and is not an error."""
    engine.add_cache("current", "labs")
    engine.stored_images["record of current"][labels.CONTENTS] = '{"other": 1}'
    cache = layer_cache.find_current_layer_cache(engine)
    assert cache is not None
    assert not cache.has_images(["redis:alpine"])
    layer_cache.prune_images(engine, remove_all=True)
    assert {} == engine.stored_volumes
