"""Recipes for images: one folder per image, with a Dockerfile and a `recipe.toml`."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from runner.errors import HostError

RECIPES_FOLDER = Path(__file__).parent / "recipes"
BASE, NODE, VM = "base", "node", "vm"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to build one image. The fields from `description` on are the keys of `recipe.toml`.

    Attributes:
        name: The folder's name.
        folder: The build context.
        description: What the image contains, as in 'Redis 8.0 from Debian 13'.
        image_names: The official names, with tags, that this image stands in for; none for a node's own image.
        base: The recipe whose image this one is built from.
        build_seconds: About how long the build takes.
        labs_program: Whether lessons rely on our own program under these names, so that a registry's image must not
            replace it.
        mirror_only: Whether every registry mirror has this image, whatever a lab declares, and nodes pull it only when
            they need it.

    """

    name: str
    folder: Path
    description: str
    image_names: tuple[str, ...] = ()
    base: str = BASE
    build_seconds: int = 0
    labs_program: bool = False
    mirror_only: bool = False

    def list_files(self) -> list[Path]:
        """Return the files that the image is built from."""
        # An installer compiles the Python files among them, and the result differs between installations.
        files = (path for path in self.folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        return sorted(files)

    def compute_digest(self, *inputs: str) -> str:
        """Return a short hash of the folder's content and of the other inputs of the build."""
        content = hashlib.sha256()
        for path in self.list_files():
            content.update(f"{path.relative_to(self.folder)}\0{path.stat().st_size}\0".encode())
            content.update(path.read_bytes())
        for text in inputs:
            content.update(f"\0{text}".encode())
        return content.hexdigest()[:12]


@cache
def load_recipes() -> dict[str, Recipe]:
    """Return every recipe by its name."""
    # Imported here because many commands, such as `labs rm`, need no recipe.
    import tomllib

    recipes = {}
    for path in sorted(RECIPES_FOLDER.glob("*/recipe.toml")):
        settings = tomllib.loads(path.read_text("utf-8"))
        image_names = tuple(settings.pop("image_names", ()))
        recipes[path.parent.name] = Recipe(path.parent.name, path.parent, image_names=image_names, **settings)
    return recipes


def map_image_names_to_recipes() -> dict[str, Recipe]:
    """Return the recipe for each official image name that has a stand-in image."""
    return {name: recipe for recipe in load_recipes().values() for name in recipe.image_names}


def list_mirror_only_images() -> list[str]:
    """Return the official names of the images that every registry mirror has and nodes pull when they need them."""
    return [name for name, recipe in map_image_names_to_recipes().items() if recipe.mirror_only]


def filter_pullable_images(names: Iterable[str]) -> list[str]:
    """Return the official names that may be pulled: all but those of the labs' own programs."""
    labs_programs = {name for name, recipe in map_image_names_to_recipes().items() if recipe.labs_program}
    return [name for name in names if name not in labs_programs]


def check_images_obtainable(names: Iterable[str], real: Container[str]) -> None:
    """Check that every image can be pulled or built.

    Args:
        names: Official names.
        real: Those whose official image is available.

    Raises:
        HostError: Some names have neither an official image nor a recipe; the error lists them.

    """
    missing = [name for name in names if name not in real and name not in map_image_names_to_recipes()]
    if missing:
        raise HostError(
            f"No registry provides the image {', '.join(missing)}, and no recipe builds it.",
            "Connect to the network and retry, or add a recipe (CONTRIBUTING.md).",
        )


def resolve_recipe_chain(name: str) -> tuple[Recipe, ...]:
    """Return a recipe and all recipes it is built from, `base` first."""
    recipe = load_recipes()[name]
    return (recipe,) if name == BASE else (*resolve_recipe_chain(recipe.base), recipe)


def sort_in_build_order(recipes: Iterable[Recipe]) -> list[Recipe]:
    """Return the recipes and those they are built from, except `base`, in an order to build them in.

    Recipes that others are built from come first, then those that take the longest.
    """
    chains = [resolve_recipe_chain(recipe.name)[1:] for recipe in recipes]
    depths = {recipe: depth for chain in chains for depth, recipe in enumerate(chain)}
    bases = {recipe.base for recipe in depths}
    return sorted(
        depths, key=lambda recipe: (depths[recipe], recipe.name not in bases, -recipe.build_seconds, recipe.name)
    )


def compute_image_tags(host_inputs: str) -> dict[str, str]:
    """Return the tag of each recipe's image, as this host builds it; any change of the build's input changes the tag.

    Args:
        host_inputs: A hash of what this host adds to the base image.

    """
    tags = {BASE: f"labs/{BASE}:{load_recipes()[BASE].compute_digest(host_inputs)}"}
    for name in load_recipes():
        for recipe in resolve_recipe_chain(name)[1:]:
            tags[recipe.name] = f"labs/{recipe.name}:{recipe.compute_digest(tags[recipe.base])}"
    return tags


def compute_recipe_version(name: str) -> str:
    """Return a short hash of a recipe and all recipes it is built from, to check whether an image is up to date.

    Unlike the tag it does not depend on this host's mirrors and certificates, because another host may have built the
    image.
    """
    digests = "".join(recipe.compute_digest() for recipe in resolve_recipe_chain(name))
    return hashlib.sha256(digests.encode()).hexdigest()[:12]
