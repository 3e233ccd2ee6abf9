"""Recipes: a folder an image, each with a Dockerfile and a `recipe.toml`."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from runner.errors import HostError

FOLDER = Path(__file__).parent / "recipes"
BASE, NODE, VM = "base", "node", "vm"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to build one image.

    Attributes:
        name: The folder's name.
        folder: The build context.
        about: What is in the image, as in 'Redis 8.0 from Debian 13'.
        names: The official names it stands in for, with their tags; none for what the labs themselves run on.
        on: The recipe it stands on.
        seconds: About how long it takes to build.
        own: Whether lessons rely on our program behind those names, so that a registry's must not take its place.

    """

    name: str
    folder: Path
    about: str
    names: tuple[str, ...]
    on: str = BASE
    seconds: int = 0
    own: bool = False

    def files(self) -> list[Path]:
        """Return the files that the image is built from."""
        # An installer compiles whatever is Python among them, and each installation to other bytes.
        ours = (path for path in self.folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        return sorted(ours)

    def digest(self, *ingredients: str) -> str:
        """Return a short hash of the folder's content and of what else goes into the image."""
        content = hashlib.sha256()
        for path in self.files():
            content.update(f"{path.relative_to(self.folder)}\0{path.stat().st_size}\0".encode())
            content.update(path.read_bytes())
        for ingredient in ingredients:
            content.update(f"\0{ingredient}".encode())
        return content.hexdigest()[:12]


@cache
def all_recipes() -> dict[str, Recipe]:
    """Return every recipe by its name."""
    # Whoever removes a cluster reads no recipe.
    import tomllib

    found = {}
    for path in sorted(FOLDER.glob("*/recipe.toml")):
        data = tomllib.loads(path.read_text("utf-8"))
        name = path.parent.name
        names, on, seconds = tuple(data.get("names", ())), data.get("on", BASE), data.get("seconds", 0)
        found[name] = Recipe(name, path.parent, data["about"], names, on, seconds, data.get("own", False))
    return found


def stand_ins() -> dict[str, Recipe]:
    """Return the recipes by the official names they stand in for."""
    return {name: recipe for recipe in all_recipes().values() for name in recipe.names}


def pullable(names: Iterable[str]) -> list[str]:
    """Return the names whose real image may serve: all but those of the labs' own programs.

    Args:
        names: Official names.

    """
    own = {name for name, one in stand_ins().items() if one.own}
    return [name for name in names if name not in own]


def require_makeable(names: Iterable[str], real: Container[str]) -> None:
    """Refuse names that neither a registry nor a recipe gives.

    Args:
        names: Official names.
        real: Those whose real image is at hand.

    Raises:
        HostError: Naming them.

    """
    hopeless = [name for name in names if name not in real and name not in stand_ins()]
    if hopeless:
        raise HostError(
            f"There is no image {', '.join(hopeless)}: no registry gives it and no recipe makes it.",
            "Connect to the network and try again, or add a recipe (CONTRIBUTING.md).",
        )


def chain(name: str) -> tuple[Recipe, ...]:
    """Return a recipe and those it stands on, the base first."""
    one = all_recipes()[name]
    return (one,) if name == BASE else (*chain(one.on), one)


def with_bases(recipes: Iterable[Recipe]) -> list[Recipe]:
    """Return the recipes and all they stand on, but for the base, in an order to build them in.

    What others wait for comes first, and of the rest what takes long.
    """
    found = {part: len(chain(part.name)) for one in recipes for part in chain(one.name) if part.name != BASE}
    waited_for = {part.on for part in found}
    return sorted(found, key=lambda one: (found[one], one.name not in waited_for, -one.seconds, one.name))


def tags(ingredients: str) -> dict[str, str]:
    """Return for each recipe the tag of the image that it makes here and now; other content has another tag.

    Args:
        ingredients: What this machine adds to the base.

    """
    found = {BASE: f"labs/{BASE}:{all_recipes()[BASE].digest(ingredients)}"}
    for name in all_recipes():
        for one in chain(name)[1:]:
            found[one.name] = f"labs/{one.name}:{one.digest(found[one.on])}"
    return found


def version(name: str) -> str:
    """Return a short hash over a recipe and what it stands on, which tells whether what was made of it still fits.

    Mirrors and certificates count when images are built, but not here: what was built may come from another machine.
    """
    return hashlib.sha256("".join(one.digest() for one in chain(name)).encode()).hexdigest()[:12]
