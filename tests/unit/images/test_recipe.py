"""Recipes: which images they stand in for, and when they count as changed."""

from __future__ import annotations

import compileall
import functools
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from runner.errors import HostError
from runner.images import recipe
from runner.images.recipe import Recipe


@pytest.fixture
def redis_recipe(tmp_path: Path) -> Recipe:
    """Return a recipe in a temporary folder."""
    folder = tmp_path / "redis"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM base\n")
    (folder / "start").write_text("redis-server\n")
    return Recipe("redis", folder, "Redis", ("redis:alpine",))


def test_same_digest(redis_recipe: Recipe, tmp_path: Path) -> None:
    """The same content has the same digest, whatever its modification time and folder."""
    before = redis_recipe.compute_digest("base")
    (redis_recipe.folder / "start").touch()
    redis_recipe.folder.rename(tmp_path / "elsewhere")
    assert before == replace(redis_recipe, folder=tmp_path / "elsewhere").compute_digest("base")


@pytest.mark.parametrize(
    ("name", "content"),
    [("start", "redis-server \n"), ("more", ""), ("folder/more", "x"), ("Dockerfile", "")],
)
def test_digest_changes(name: str, content: str, redis_recipe: Recipe) -> None:
    """Any change of content, and any additional file, changes the digest."""
    before = redis_recipe.compute_digest()
    path = redis_recipe.folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)
    assert before != redis_recipe.compute_digest()


def test_digest_of_file_names(redis_recipe: Recipe) -> None:
    """Renaming a file changes the digest, even if the concatenated content is the same."""
    before = redis_recipe.compute_digest()
    (redis_recipe.folder / "start").rename(redis_recipe.folder / "starts")
    assert before != redis_recipe.compute_digest()


def test_compiled_python_files(redis_recipe: Recipe) -> None:
    """Compiled Python files, which an installer creates, are not part of a recipe."""
    (redis_recipe.folder / "serve.py").write_text("print()\n")
    before = redis_recipe.compute_digest()
    assert compileall.compile_dir(redis_recipe.folder, quiet=1)
    assert (before, ["Dockerfile", "serve.py", "start"]) == (
        redis_recipe.compute_digest(),
        [path.name for path in redis_recipe.list_files()],
    )


def test_digest_of_inputs(redis_recipe: Recipe) -> None:
    """Each additional input changes the digest, and so does their order."""
    digests = {
        redis_recipe.compute_digest(),
        redis_recipe.compute_digest(""),
        redis_recipe.compute_digest("ab"),
        redis_recipe.compute_digest("a", "b"),
        redis_recipe.compute_digest("b", "a"),
    }
    assert 5 == len(digests)
    assert {12} == {len(digest) for digest in digests}


def test_stand_in_images() -> None:
    """The official images that the labs use have a stand-in image each."""
    recipes = recipe.map_image_names_to_recipes()
    assert {"nginx:alpine", "redis:alpine", "busybox:latest", "alpine:latest"} <= set(recipes)
    assert {"mysql:5.7", "wordpress:latest", "postgres:15-alpine", "python:3.13-slim", "haproxy:latest"} <= set(recipes)
    assert {"jwilder/whoami:latest", "dockersamples/examplevotingapp_vote:after"} <= set(recipes)
    assert ("nginx", "busybox") == (recipes["nginx:alpine"].name, recipes["alpine:latest"].name)


def test_filter_pullable() -> None:
    """Every official image may be pulled, except those that a program of the labs replaces."""
    labs_programs = [f"dockersamples/examplevotingapp_{name}:latest" for name in ("vote", "worker", "result")]
    after = "dockersamples/examplevotingapp_vote:after"
    assert ["redis:alpine", "unheard/of:1"] == recipe.filter_pullable_images(
        ["redis:alpine", *labs_programs, after, "unheard/of:1"]
    )


def test_mirror_only() -> None:
    """Every registry mirror has the Dockerfile frontend, and nothing else that labs do not declare."""
    assert ["docker/dockerfile:1"] == recipe.list_mirror_only_images()


def test_image_names() -> None:
    """Every image name has a tag, and belongs to only one recipe."""
    names = [name for entry in recipe.load_recipes().values() for name in entry.image_names]
    assert [] == [name for name in names if name.count(":") != 1]
    assert len(names) == len(set(names))


def test_recipe_folders() -> None:
    """Every recipe has a description and a Dockerfile that builds on the given base image."""
    for entry in recipe.load_recipes().values():
        lines = (entry.folder / "Dockerfile").read_text("utf-8").splitlines()
        argument = "ROOT" if entry.name == recipe.BASE else "BASE"
        assert entry.description, entry.name
        heads = [line.split(" AS ")[0] for line in lines if line[:4] in ("ARG ", "FROM")]
        assert [f"ARG {argument}", f"FROM ${{{argument}}}"] == heads[:2], entry.name


def test_own_images() -> None:
    """The base, node and VM images stand in for no official image."""
    recipes = recipe.load_recipes()
    assert ((), ()) == (recipes[recipe.BASE].image_names, recipes[recipe.NODE].image_names)
    assert ((), recipe.NODE) == (recipes[recipe.VM].image_names, recipes[recipe.VM].base)


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copy the recipes to a temporary folder, and let labs use the copy."""
    shutil.copytree(recipe.RECIPES_FOLDER, tmp_path / "recipes")
    monkeypatch.setattr(recipe, "RECIPES_FOLDER", tmp_path / "recipes")
    monkeypatch.setattr(recipe, "load_recipes", functools.cache(recipe.load_recipes.__wrapped__))
    return tmp_path / "recipes"


def test_version_of_a_copy(request: pytest.FixtureRequest) -> None:
    """The same recipes have the same versions and tags, whatever their folder."""
    names = sorted(recipe.load_recipes())
    before = [recipe.compute_recipe_version(name) for name in names], recipe.compute_image_tags("")
    request.getfixturevalue("copied")
    assert before == ([recipe.compute_recipe_version(name) for name in names], recipe.compute_image_tags(""))


@pytest.mark.parametrize(
    ("changed", "others"),
    [
        ("redis", {"redis"}),
        ("vm", {"vm"}),
        ("node", {"node", "vm"}),
        ("vote", {"vote", "vote-after"}),
    ],
)
def test_version_changes(changed: str, others: set[str], copied: Path) -> None:
    """A change affects the version of the changed recipe and of those built from it, and no other."""
    versions = {name: recipe.compute_recipe_version(name) for name in recipe.load_recipes()}
    tags = recipe.compute_image_tags("")
    (copied / changed / "more").write_text("")
    assert others == {name for name in versions if recipe.compute_recipe_version(name) != versions[name]}
    new_tags = recipe.compute_image_tags("")
    assert others == {name for name in versions if new_tags[name] != tags[name]}


def test_changed_base(copied: Path) -> None:
    """A changed base changes all versions; other package mirrors change all tags but no version."""
    names = sorted(recipe.load_recipes())
    before, tags = [recipe.compute_recipe_version(name) for name in names], recipe.compute_image_tags("")
    assert not set(tags.values()) & set(recipe.compute_image_tags("mirror").values())
    assert before == [recipe.compute_recipe_version(name) for name in names]
    (copied / "base" / "more").write_text("")
    assert not set(before) & {recipe.compute_recipe_version(name) for name in names}


def test_build_order() -> None:
    """Recipes that others are built from come first, then those that take longest; the base is left out."""
    recipes = recipe.load_recipes()
    names = [
        entry.name for entry in recipe.sort_in_build_order([recipes[name] for name in ("redis", "vote", "mysql", "vm")])
    ]
    assert ["node", "python", "mysql", "redis", "web", "vm", "vote"] == names


def test_bases() -> None:
    """Every recipe is built, directly or indirectly, from the base."""
    assert {recipe.BASE} == {recipe.resolve_recipe_chain(name)[0].name for name in recipe.load_recipes()}


def test_unobtainable_image() -> None:
    """Only names that neither a registry provides nor a recipe builds are refused."""
    recipe.check_images_obtainable(["redis:alpine", "mine:1"], {"mine:1"})
    with pytest.raises(HostError, match=r"^No registry provides the image other:1, and no recipe builds it"):
        recipe.check_images_obtainable(["redis:alpine", "mine:1", "other:1"], {"mine:1"})
