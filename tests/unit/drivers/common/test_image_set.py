"""Tests of whether the images of a set are up to date with the recipes."""

from __future__ import annotations

import pytest

from runner.drivers.common import image_set
from runner.drivers.common.image_set import ImageSet
from runner.images import recipe
from runner.images.bundle import BundleManifest, BundleTarget
from runner.nodes.driver_interface import NodeImage


@pytest.mark.parametrize(
    ("name", "stand_in", "recipe_name", "is_up_to_date"),
    [
        ("redis:alpine", "Redis", "redis", True),
        ("redis:alpine", "Redis", "nginx", False),
        ("redis:alpine", "Redis", "", False),
        ("redis:alpine", "", "", True),
        ("mine:1", "", "", True),
        ("gone:1", "Gone", "redis", False),
    ],
)
def test_up_to_date(name: str, stand_in: str, recipe_name: str, is_up_to_date: bool) -> None:
    """A stand-in is up to date if its name still has the same recipe; a real image always is."""
    version = recipe.compute_recipe_version(recipe_name) if recipe_name else ""
    image = NodeImage(name, "sha256:1", stand_in, 1, version)
    assert ({name} if is_up_to_date else set()) == image_set.filter_up_to_date_names([image])
    assert is_up_to_date == image_set.are_images_up_to_date([image], [name])
    assert not image_set.are_images_up_to_date([image], [name, "other:1"])


def test_mirror_only_names() -> None:
    """Every cluster needs the images that only its registry mirror has, and its nodes do not have them at first."""
    names = image_set.add_mirror_only_names(["redis:alpine", "busybox:latest", "redis:alpine"])
    assert ["busybox:latest", "docker/dockerfile:1", "redis:alpine"] == names
    images = [NodeImage(name, "sha256:1", "", 1) for name in names]
    assert ["busybox:latest", "redis:alpine"] == image_set.list_preloaded_names(images)


def test_qualified_name() -> None:
    """Docker Hub keeps official images below 'library', and others below their owner."""
    assert "library/nginx:alpine" == image_set.add_library_namespace("nginx:alpine")
    assert "traefik/whoami:latest" == image_set.add_library_namespace("traefik/whoami:latest")


def test_merge() -> None:
    """An import keeps the current images with other names and official images, and drops outdated ones."""
    version = recipe.compute_recipe_version("redis")
    stand_in = NodeImage("redis:alpine", "sha256:1", "Redis", 1, version)
    imported = ImageSet("sha256:0", (stand_in, NodeImage("nginx:alpine", "sha256:2", "", 1)))
    official, mine = NodeImage("redis:alpine", "sha256:3", "", 1), NodeImage("mine:1", "sha256:4", "", 1)
    outdated = NodeImage("mysql:latest", "sha256:5", "MySQL", 1, "old")
    current = ImageSet("sha256:6", (mine, outdated, NodeImage("nginx:alpine", "sha256:7", "", 1), official))
    merged = image_set.merge_image_sets(imported, current)
    assert ImageSet("sha256:0", (mine, imported.images[1], official)) == merged
    assert ImageSet("sha256:0", (imported.images[1], stand_in)) == image_set.merge_image_sets(imported, None)


def test_bundle_manifest() -> None:
    """The manifest of a bundle has the version of each recipe in it, and none for official images."""
    version = recipe.compute_recipe_version("redis")
    images = [
        NodeImage("redis:alpine", "sha256:1", "Redis", 1, version),
        NodeImage("redis:latest", "sha256:1", "Redis", 1, version),
        NodeImage("nginx:alpine", "sha256:2", "", 1),
    ]
    target = BundleTarget("docker", "x86_64", "1")
    assert BundleManifest(target, {"redis": version}) == image_set.describe_bundle(target, images)
