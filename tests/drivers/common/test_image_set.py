"""What a store holds counts as long as it is what the recipes make."""

from __future__ import annotations

import pytest

from runner.drivers.common import image_set
from runner.images import recipe
from runner.nodes.driver_interface import NodeImage


@pytest.mark.parametrize(
    ("name", "stand_in", "version", "fits"),
    [
        ("redis:alpine", "Redis", "redis", True),
        ("redis:alpine", "Redis", "nginx", False),
        ("redis:alpine", "Redis", "", False),
        ("redis:alpine", "", "", True),
        ("mine:1", "", "", True),
        ("gone:1", "Gone", "redis", False),
    ],
)
def test_fitting(name: str, stand_in: str, version: str, fits: bool) -> None:
    """A stand-in fits if its recipe is still the same and still makes its name; a real image always does."""
    made_of = recipe.compute_version(version) if version else ""
    assert ({name} if fits else set()) == image_set.filter_up_to_date([NodeImage(name, "sha256:1", stand_in, 1, made_of)])
