"""Recipes: what they stand in for, and when they count as changed."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from runner.images import recipe
from runner.images.recipe import Recipe


@pytest.fixture
def made(tmp_path: Path) -> Recipe:
    """Return a recipe in a folder of the test's own."""
    folder = tmp_path / "redis"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM base\n")
    (folder / "start").write_text("redis-server\n")
    return Recipe("redis", folder, "Redis", ("redis:alpine",))


def test_digest_stays(made: Recipe, tmp_path: Path) -> None:
    """The same content has the same digest, whenever it was written and wherever it lies."""
    before = made.digest("base")
    (made.folder / "start").touch()
    made.folder.rename(tmp_path / "elsewhere")
    assert before == replace(made, folder=tmp_path / "elsewhere").digest("base")


@pytest.mark.parametrize(
    ("name", "content"),
    [("start", "redis-server \n"), ("more", ""), ("folder/more", "x"), ("Dockerfile", "")],
)
def test_digest_changes(name: str, content: str, made: Recipe) -> None:
    """Any change of content, and any file more, is another digest."""
    before = made.digest()
    path = made.folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)
    assert before != made.digest()


def test_digest_of_names(made: Recipe) -> None:
    """A file of another name is another digest, even where all content together is the same."""
    before = made.digest()
    (made.folder / "start").rename(made.folder / "starts")
    assert before != made.digest()


def test_ingredients(made: Recipe) -> None:
    """What else goes into the image counts, each ingredient by itself."""
    digests = {made.digest(), made.digest(""), made.digest("ab"), made.digest("a", "b"), made.digest("b", "a")}
    assert 5 == len(digests)
    assert {12} == {len(digest) for digest in digests}


def test_stand_ins() -> None:
    """The images that the issue names have a stand-in each."""
    found = recipe.stand_ins()
    assert {"nginx:alpine", "redis:alpine", "busybox:latest", "alpine:latest"} <= set(found)
    assert ("nginx", "busybox") == (found["nginx:alpine"].name, found["alpine:latest"].name)


def test_names_are_whole() -> None:
    """Every official name has its tag, and no two recipes stand in for the same name."""
    names = [name for one in recipe.all_recipes().values() for name in one.names]
    assert [] == [name for name in names if name.count(":") != 1]
    assert len(names) == len(set(names))


def test_recipes_are_whole() -> None:
    """Every recipe says what is in it and has a Dockerfile that stands on what all stand on."""
    for one in recipe.all_recipes().values():
        lines = (one.folder / "Dockerfile").read_text("utf-8").splitlines()
        wanted = "ROOT" if one.name == recipe.BASE else "BASE"
        assert one.about, one.name
        heads = [line.split(" AS ")[0] for line in lines if line[:4] in ("ARG ", "FROM")]
        assert [f"ARG {wanted}", f"FROM ${{{wanted}}}"] == heads[:2], one.name


def test_the_labs_own() -> None:
    """Base and node stand in for nothing."""
    recipes = recipe.all_recipes()
    assert ((), ()) == (recipes[recipe.BASE].names, recipes[recipe.NODE].names)


def test_digest_of_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One digest stands for all recipes: it is that of a copy, and another once any of them has changed."""
    before = recipe.digest_of_all()
    shutil.copytree(recipe.FOLDER, tmp_path / "recipes")
    monkeypatch.setattr(recipe, "FOLDER", tmp_path / "recipes")
    monkeypatch.setattr(recipe, "all_recipes", recipe.all_recipes.__wrapped__)
    assert before == recipe.digest_of_all()
    (tmp_path / "recipes" / "node" / "more").write_text("")
    assert before != recipe.digest_of_all()
