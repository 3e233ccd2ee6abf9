"""Parts: which ones count, which are found, and which go."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from runner.drivers.uml import artifacts
from runner.drivers.uml.artifacts import Artifacts
from runner.images import recipe
from runner.nodes.driver_interface import NodeImage
from tests import helpers

CONTENTS = (
    NodeImage("redis:alpine", "sha256:1", "Redis from Debian", 90, recipe.compute_version("redis")),
    NodeImage("mine:1", "sha256:2", "", 5),
)


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the cache in a folder of the test's own."""
    helpers.isolate_environment(monkeypatch, tmp_path)


def fill(folder: Path) -> None:
    """Write small files where a generation has large ones."""
    for name in ("sandbox/usr/bin/linux.uml", "registry/docker/blob", "tls/mirror.crt", "tls/ca/labs-ca.crt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (folder / "sandbox/usr/bin/linux.uml").chmod(0o755)
    (folder / "disk.img").write_text("disk")


def made(contents: Sequence[NodeImage] = CONTENTS) -> Artifacts:
    """Make a generation from beginning to end."""
    with artifacts.create_partial_folder() as folder:
        fill(folder)
        return artifacts.publish_artifacts(artifacts.describe_artifacts(folder, "sha256:0", contents))


def test_nothing() -> None:
    """Where nothing was built, nothing is found."""
    assert artifacts.find_artifacts() is None


def test_made() -> None:
    """What was made to its end is found, with all it has."""
    done = made()
    assert done == artifacts.find_artifacts()
    assert [True, True] == [done.has_images(["mine:1"]), done.has_images([])]
    assert not done.has_images(["mine:1", "other:1"])
    assert ["disk", "sandbox/usr/bin/linux.uml"] == [done.disk.read_text(), (done.sandbox_root / "usr/bin/linux.uml").read_text()]
    assert 0o444 == done.disk.stat().st_mode & 0o777


def interrupted() -> None:
    """Begin to make a generation, and be interrupted."""
    with artifacts.create_partial_folder() as folder:
        fill(folder)
        raise KeyboardInterrupt


def test_interrupted() -> None:
    """A making that ends early leaves nothing."""
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [] == list(artifacts.cache_folder().iterdir())


def test_killed() -> None:
    """What a killed making has left never counts, even with a record, and goes with the next one."""
    left = artifacts.cache_folder() / f"{artifacts.compute_digest()}-00000000{artifacts.PARTIAL_SUFFIX}"
    left.mkdir(parents=True)
    fill(left)
    artifacts.describe_artifacts(left, "sha256:0", CONTENTS).write_record()
    assert artifacts.find_artifacts() is None
    done = made()
    assert [done.folder] == list(artifacts.cache_folder().iterdir())


def test_newest() -> None:
    """Of several generations the newest one serves."""
    made()
    newest = made([])
    assert newest == artifacts.find_artifacts()


@pytest.mark.parametrize(
    ("name", "value"),
    [("recipe.version", lambda name: f"other {name}"), ("processor", lambda: "riscv64")],
)
def test_other_version(name: str, value: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of other recipes, or for another processor, do not serve, and do so again once they fit."""
    done = made()
    with monkeypatch.context() as patch:
        patch.setattr(f"runner.drivers.uml.artifacts.{name}", value)
        assert artifacts.find_artifacts() is None
    assert done == artifacts.find_artifacts()


@pytest.mark.parametrize("name", ["disk.img", "sandbox", "registry", "tls", "artifacts.json"])
def test_incomplete(name: str) -> None:
    """Parts that somebody has taken something from do not serve."""
    done = made()
    (done.folder / name).rename(done.folder / "elsewhere")
    assert artifacts.find_artifacts() is None


def test_record() -> None:
    """A record reads back as what was written."""
    done = made()
    assert done == artifacts.parse_record(done.serialize(), done.folder)


@pytest.mark.parametrize(
    "change",
    [
        {"format": 0},
        {"images": None},
        {"images": [{"name": "redis:alpine"}]},
        {"images": [{"name": 1, "image": "", "stand_in": "", "size": 0}]},
        {"created_at": "today"},
        {"labs_version": None},
    ],
)
def test_strange_record(change: dict[str, object]) -> None:
    """A record of another format, or with other values than it should have, is refused, and its parts do not serve."""
    done = made()
    text = json.dumps(json.loads(done.serialize()) | change)
    with pytest.raises(ValueError, match=r"."):
        artifacts.parse_record(text, done.folder)
    (done.folder / artifacts.RECORD_NAME).write_text(text)
    assert artifacts.find_artifacts() is None


def test_prune() -> None:
    """Older generations go, but not the newest, nor those that machines stand on."""
    made()
    used, newest = made(), made()
    assert 1 == artifacts.prune_artifacts(remove_all=False, in_use=[used.folder])
    assert {used.folder, newest.folder} == set(artifacts.cache_folder().iterdir())


def test_prune_everything() -> None:
    """All that is not in use goes, remains of killed makings too."""
    used = made()
    made()
    (artifacts.cache_folder() / f"x{artifacts.PARTIAL_SUFFIX}").mkdir()
    assert 1 == artifacts.prune_artifacts(remove_all=True, in_use=[used.folder])
    assert [used.folder] == list(artifacts.cache_folder().iterdir())
    assert 1 == artifacts.prune_artifacts(remove_all=True)
    assert [] == list(artifacts.cache_folder().iterdir())


def test_moved() -> None:
    """A generation's places follow its folder."""
    moved = replace(made(), folder=Path("/x"))
    places = [moved.disk, moved.sandbox_root, moved.registry, moved.tls]
    assert ["/x/disk.img", "/x/sandbox", "/x/registry", "/x/tls"] == [str(place) for place in places]
