"""Recipes: a folder an image, each with a Dockerfile and a `recipe.toml`."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "recipes"
BASE, NODE = "base", "node"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to build one image.

    Attributes:
        name: The folder's name.
        folder: The build context.
        about: What is in the image, as in 'Redis 8.0 from Debian 13'.
        names: The official names it stands in for, with their tags; none for what the labs themselves run on.

    """

    name: str
    folder: Path
    about: str
    names: tuple[str, ...]

    def digest(self, *ingredients: str) -> str:
        """Return a short hash of the folder's content and of what else goes into the image."""
        content = hashlib.sha256()
        for path in sorted(path for path in self.folder.rglob("*") if path.is_file()):
            content.update(f"{path.relative_to(self.folder)}\0{path.stat().st_size}\0".encode())
            content.update(path.read_bytes())
        for ingredient in ingredients:
            content.update(f"\0{ingredient}".encode())
        return content.hexdigest()[:12]


@cache
def all_recipes() -> dict[str, Recipe]:
    """Return every recipe by its name."""
    found = {}
    for path in sorted(FOLDER.glob("*/recipe.toml")):
        data = tomllib.loads(path.read_text("utf-8"))
        name = path.parent.name
        found[name] = Recipe(name, path.parent, data["about"], tuple(data.get("names", ())))
    return found


def stand_ins() -> dict[str, Recipe]:
    """Return the recipes by the official names they stand in for."""
    return {name: recipe for recipe in all_recipes().values() for name in recipe.names}


def digest_of_all() -> str:
    """Return a short hash over every recipe, which tells whether a store still fits this version."""
    return hashlib.sha256("".join(recipe.digest() for recipe in all_recipes().values()).encode()).hexdigest()[:12]
