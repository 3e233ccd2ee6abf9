"""What a store or a disk holds, and whether it is still what the recipes make."""

from __future__ import annotations

from collections.abc import Iterable

from runner.images import recipe
from runner.nodes.driver_interface import NodeImage


def fitting(contents: Iterable[NodeImage]) -> set[str]:
    """Return the names of those images that are real, or made of recipes as they are now."""
    recipes = recipe.stand_ins()
    return {
        one.name
        for one in contents
        if not one.stand_in or (one.name in recipes and one.version == recipe.version(recipes[one.name].name))
    }
