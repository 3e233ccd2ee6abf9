"""Parts: which ones count, which are found, and which go."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from runner.drivers.uml import artifacts
from runner.drivers.uml.artifacts import Parts
from runner.images import recipe
from runner.nodes.driver_interface import NodeImage
from tests import helpers

CONTENTS = (
    NodeImage("redis:alpine", "sha256:1", "Redis from Debian", 90, recipe.version("redis")),
    NodeImage("mine:1", "sha256:2", "", 5),
)


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the cache in a folder of the test's own."""
    helpers.own_folders(monkeypatch, tmp_path)


def fill(folder: Path) -> None:
    """Write small files where a generation has large ones."""
    for name in ("jail/usr/bin/linux.uml", "registry/docker/blob", "tls/mirror.crt", "tls/ca/labs-ca.crt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (folder / "jail/usr/bin/linux.uml").chmod(0o755)
    (folder / "disk.img").write_text("disk")


def made(contents: Sequence[NodeImage] = CONTENTS) -> Parts:
    """Make a generation from beginning to end."""
    with artifacts.half() as folder:
        fill(folder)
        return artifacts.complete(artifacts.new(folder, "sha256:0", contents))


def test_nothing() -> None:
    """Where nothing was built, nothing is found."""
    assert artifacts.find() is None


def test_made() -> None:
    """What was made to its end is found, with all it has."""
    done = made()
    assert done == artifacts.find()
    assert [True, True] == [done.has(["mine:1"]), done.has([])]
    assert not done.has(["mine:1", "other:1"])
    assert ["disk", "jail/usr/bin/linux.uml"] == [done.disk.read_text(), (done.jail / "usr/bin/linux.uml").read_text()]
    assert 0o444 == done.disk.stat().st_mode & 0o777


def interrupted() -> None:
    """Begin to make a generation, and be interrupted."""
    with artifacts.half() as folder:
        fill(folder)
        raise KeyboardInterrupt


def test_interrupted() -> None:
    """A making that ends early leaves nothing."""
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [] == list(artifacts.cache().iterdir())


def test_killed() -> None:
    """What a killed making has left never counts, even with a record, and goes with the next one."""
    left = artifacts.cache() / f"{artifacts.digest()}-00000000{artifacts.HALF}"
    left.mkdir(parents=True)
    fill(left)
    artifacts.new(left, "sha256:0", CONTENTS).write()
    assert artifacts.find() is None
    done = made()
    assert [done.folder] == list(artifacts.cache().iterdir())


def test_newest() -> None:
    """Of several generations the newest one serves."""
    made()
    newest = made([])
    assert newest == artifacts.find()


@pytest.mark.parametrize(
    ("name", "value"),
    [("recipe.version", lambda name: f"other {name}"), ("processor", lambda: "riscv64")],
)
def test_other_version(name: str, value: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of other recipes, or for another processor, do not serve, and do so again once they fit."""
    done = made()
    with monkeypatch.context() as patch:
        patch.setattr(f"runner.drivers.uml.artifacts.{name}", value)
        assert artifacts.find() is None
    assert done == artifacts.find()


@pytest.mark.parametrize("name", ["disk.img", "jail", "registry", "tls", "parts.json"])
def test_incomplete(name: str) -> None:
    """Parts that somebody has taken something from do not serve."""
    done = made()
    (done.folder / name).rename(done.folder / "elsewhere")
    assert artifacts.find() is None


def test_record() -> None:
    """A record reads back as what was written."""
    done = made()
    assert done == artifacts.parse(done.record(), done.folder)


@pytest.mark.parametrize(
    "change",
    [
        {"format": 0},
        {"more": 1},
        {"contents": None},
        {"contents": [{"name": "redis:alpine"}]},
        {"contents": [{"name": 1, "image": "", "stand_in": "", "size": 0}]},
        {"made": "today"},
        {"version": None},
    ],
)
def test_strange_record(change: dict[str, object]) -> None:
    """A record of another format, or with other values than it should have, is refused, and its parts do not serve."""
    done = made()
    text = json.dumps(json.loads(done.record()) | change)
    with pytest.raises(ValueError, match=r"."):
        artifacts.parse(text, done.folder)
    (done.folder / artifacts.RECORD).write_text(text)
    assert artifacts.find() is None


def test_prune() -> None:
    """Older generations go, but not the newest, nor those that machines stand on."""
    made()
    used, newest = made(), made()
    assert 1 == artifacts.prune(everything=False, in_use=[used.folder])
    assert {used.folder, newest.folder} == set(artifacts.cache().iterdir())


def test_prune_everything() -> None:
    """All that is not in use goes, remains of killed makings too."""
    used = made()
    made()
    (artifacts.cache() / f"x{artifacts.HALF}").mkdir()
    assert 1 == artifacts.prune(everything=True, in_use=[used.folder])
    assert [used.folder] == list(artifacts.cache().iterdir())
    assert 1 == artifacts.prune(everything=True)
    assert [] == list(artifacts.cache().iterdir())


def test_moved() -> None:
    """A generation's places follow its folder."""
    moved = replace(made(), folder=Path("/x"))
    places = [moved.disk, moved.jail, moved.registry, moved.tls]
    assert ["/x/disk.img", "/x/jail", "/x/registry", "/x/tls"] == [str(place) for place in places]
