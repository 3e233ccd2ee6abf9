"""Tests of whether the images of a set are up to date with the recipes."""

from __future__ import annotations

import pytest

from runner.drivers.common import image_set
from runner.images import recipe
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


def test_qualified_name() -> None:
    """Docker Hub keeps official images below 'library', and others below their owner."""
    assert "library/nginx:alpine" == image_set.add_library_namespace("nginx:alpine")
    assert "traefik/whoami:latest" == image_set.add_library_namespace("traefik/whoami:latest")
