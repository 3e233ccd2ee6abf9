"""The order in which images are pushed to a registry mirror."""

from __future__ import annotations

from runner.drivers.docker import image_transfer
from runner.nodes.driver_interface import NodeImage


def test_order() -> None:
    """The first image brings the common base in the shortest time; then come the largest images."""
    layers = {"tiny": ["own"], "small": ["base", "a"], "large": ["base", "b"], "medium": ["base", "c"]}
    sizes = {"tiny": 1, "small": 10, "medium": 20, "large": 30}
    images = [NodeImage(f"{name}:1", name, "", size) for name, size in sizes.items()]
    ordered = [image.image for image in image_transfer._sort_for_transfer(images, layers)]
    assert ["small", "large", "medium", "tiny"] == ordered
    assert [] == image_transfer._sort_for_transfer([], {})
