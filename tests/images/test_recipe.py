"""Recipes: what they stand in for, and when they count as changed."""

from __future__ import annotations

import compileall
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from runner.errors import HostError
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


def test_digest_of_compiled_programs(made: Recipe) -> None:
    """What an installer makes of a recipe's programs is no part of it."""
    (made.folder / "serve.py").write_text("print()\n")
    before = made.digest()
    assert compileall.compile_dir(made.folder, quiet=1)
    assert (before, ["Dockerfile", "serve.py", "start"]) == (made.digest(), [path.name for path in made.files()])


def test_ingredients(made: Recipe) -> None:
    """What else goes into the image counts, each ingredient by itself."""
    digests = {made.digest(), made.digest(""), made.digest("ab"), made.digest("a", "b"), made.digest("b", "a")}
    assert 5 == len(digests)
    assert {12} == {len(digest) for digest in digests}


def test_stand_ins() -> None:
    """The images that the issue names have a stand-in each."""
    found = recipe.stand_ins()
    assert {"nginx:alpine", "redis:alpine", "busybox:latest", "alpine:latest"} <= set(found)
    assert {"mysql:5.7", "wordpress:latest", "postgres:15-alpine", "python:3.13-slim", "haproxy:latest"} <= set(found)
    assert {"jwilder/whoami:latest", "dockersamples/examplevotingapp_vote:after"} <= set(found)
    assert ("nginx", "busybox") == (found["nginx:alpine"].name, found["alpine:latest"].name)


def test_pullable() -> None:
    """A registry's image may serve under every name but those of the labs' own programs."""
    own = [f"dockersamples/examplevotingapp_{name}:latest" for name in ("vote", "worker", "result")]
    after = "dockersamples/examplevotingapp_vote:after"
    assert ["redis:alpine", "unheard/of:1"] == recipe.pullable(["redis:alpine", *own, after, "unheard/of:1"])


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
    assert ((), recipe.NODE) == (recipes[recipe.VM].names, recipes[recipe.VM].on)


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the recipes be a copy in a folder of the test's own."""
    shutil.copytree(recipe.FOLDER, tmp_path / "recipes")
    monkeypatch.setattr(recipe, "FOLDER", tmp_path / "recipes")
    monkeypatch.setattr(recipe, "all_recipes", recipe.all_recipes.__wrapped__)
    return tmp_path / "recipes"


def test_version_of_a_copy(request: pytest.FixtureRequest) -> None:
    """The same recipes have the same versions and tags, wherever they lie."""
    names = sorted(recipe.all_recipes())
    before = [recipe.version(name) for name in names], recipe.tags("")
    request.getfixturevalue("copied")
    assert before == ([recipe.version(name) for name in names], recipe.tags(""))


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
    """A change makes another version of what has changed and of what stands on it, and of nothing else."""
    names = set(recipe.all_recipes())
    before = {name: recipe.version(name) for name in names}, recipe.tags("")
    (copied / changed / "more").write_text("")
    assert others == {name for name in names if recipe.version(name) != before[0][name]}
    assert others == {name for name in names if recipe.tags("")[name] != before[1][name]}


def test_a_changed_base(copied: Path) -> None:
    """Another base is another version of everything, and other mirrors are other tags but no other versions."""
    names = sorted(recipe.all_recipes())
    before, tags = [recipe.version(name) for name in names], recipe.tags("")
    assert not set(tags.values()) & set(recipe.tags("mirror").values())
    assert before == [recipe.version(name) for name in names]
    (copied / "base" / "more").write_text("")
    assert not set(before) & {recipe.version(name) for name in names}


def test_order_of_building() -> None:
    """What others wait for comes first, then what takes long; the base is there already."""
    recipes = recipe.all_recipes()
    names = [one.name for one in recipe.with_bases([recipes[name] for name in ("redis", "vote", "mysql", "vm")])]
    assert ["node", "python", "mysql", "redis", "web", "vm", "vote"] == names


def test_every_recipe_stands_on_another() -> None:
    """Every recipe leads to the base."""
    assert {recipe.BASE} == {recipe.chain(name)[0].name for name in recipe.all_recipes()}


def test_nobody_makes_it() -> None:
    """A name that neither a registry nor a recipe gives is refused by its name, beside those that are fine."""
    recipe.require_makeable(["redis:alpine", "mine:1"], {"mine:1"})
    with pytest.raises(HostError, match=r"^There is no image other:1: no registry gives it"):
        recipe.require_makeable(["redis:alpine", "mine:1", "other:1"], {"mine:1"})
