"""Artifacts: which are found, and which are removed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from runner.drivers.uml import artifacts, diagnostics
from runner.drivers.uml.artifacts import Artifacts
from runner.images import recipe
from runner.nodes.driver_interface import NodeImage
from tests.support import helpers

IMAGES = (
    NodeImage("redis:alpine", "sha256:1", "Redis from Debian", 90, recipe.compute_recipe_version("redis")),
    NodeImage("mine:1", "sha256:2", "", 5),
)


@pytest.fixture(autouse=True)
def _isolated_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Use a cache folder that only this test uses."""
    helpers.isolate_environment(monkeypatch, tmp_path)


def write_files(folder: Path) -> None:
    """Write small files in place of the large ones."""
    for name in ("sandbox/usr/bin/linux.uml", "registry/docker/blob", "tls/mirror.crt", "tls/ca/labs-ca.crt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (folder / "sandbox/usr/bin/linux.uml").chmod(0o755)
    (folder / "disk.img").write_text("disk")


def build_artifacts(images: Sequence[NodeImage] = IMAGES) -> Artifacts:
    """Build artifacts completely."""
    with artifacts.create_partial_folder() as folder:
        write_files(folder)
        return artifacts.publish_artifacts(artifacts.describe_new_artifacts(folder, "sha256:0", images))


def test_no_artifacts() -> None:
    """Before anything is built, no artifacts are found."""
    assert artifacts.find_newest_artifacts() is None


def test_outdated_artifacts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Artifacts of another version are not found, but `labs doctor` says that they exist."""
    build_artifacts()
    assert not artifacts.has_outdated_artifacts()
    monkeypatch.setattr(artifacts, "compute_build_digest", lambda: "another")
    assert artifacts.find_newest_artifacts() is None
    assert artifacts.has_outdated_artifacts()
    finding = next(item.finding for item in diagnostics.diagnose_host(None) if item.subject == "images")
    assert "built by another version of labs, so out of date" == finding


def test_complete_build() -> None:
    """Completely built artifacts are found, with all their files and images."""
    built = build_artifacts()
    assert built == artifacts.find_newest_artifacts()
    assert [True, True] == [built.has_images(["mine:1"]), built.has_images([])]
    assert not built.has_images(["mine:1", "other:1"])
    kernel = built.sandbox_root / "usr/bin/linux.uml"
    assert ["disk", "sandbox/usr/bin/linux.uml"] == [built.base_disk.read_text(), kernel.read_text()]
    assert 0o444 == built.base_disk.stat().st_mode & 0o777


def interrupt_build() -> None:
    """Start to build artifacts, and interrupt it."""
    with artifacts.create_partial_folder() as folder:
        write_files(folder)
        raise KeyboardInterrupt


def test_interrupted_build() -> None:
    """An interrupted build leaves no files."""
    with pytest.raises(KeyboardInterrupt):
        interrupt_build()
    assert [] == list(artifacts.uml_cache_folder().iterdir())


def test_killed_build() -> None:
    """The leftovers of a killed build are never used, even with a record, and the next build removes them."""
    leftover = artifacts.uml_cache_folder() / f"{artifacts.compute_build_digest()}-00000000{artifacts.PARTIAL_SUFFIX}"
    leftover.mkdir(parents=True)
    write_files(leftover)
    artifacts.describe_new_artifacts(leftover, "sha256:0", IMAGES).write_record()
    assert artifacts.find_newest_artifacts() is None
    built = build_artifacts()
    assert [built.folder] == list(artifacts.uml_cache_folder().iterdir())


def test_newest() -> None:
    """Of several artifacts, the newest are found."""
    build_artifacts()
    newest = build_artifacts([])
    assert newest == artifacts.find_newest_artifacts()


@pytest.mark.parametrize(
    ("name", "value"),
    [("recipe.compute_recipe_version", lambda name: f"other {name}"), ("detect_architecture", lambda: "riscv64")],
)
def test_other_version(name: str, value: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Artifacts of other recipes or for another architecture are not found, but are found again once they match."""
    built = build_artifacts()
    with monkeypatch.context() as patch:
        patch.setattr(f"runner.drivers.uml.artifacts.{name}", value)
        assert artifacts.find_newest_artifacts() is None
    assert built == artifacts.find_newest_artifacts()


@pytest.mark.parametrize("name", ["disk.img", "sandbox", "registry", "tls", "artifacts.json"])
def test_incomplete(name: str) -> None:
    """Artifacts with a missing file or folder are not found."""
    built = build_artifacts()
    (built.folder / name).rename(built.folder / "elsewhere")
    assert artifacts.find_newest_artifacts() is None


def test_record() -> None:
    """A serialized record parses as the same artifacts."""
    built = build_artifacts()
    assert built == artifacts.parse_record(built.render_record(), built.folder)


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
def test_invalid_record(change: dict[str, object]) -> None:
    """A record with another format or an invalid value raises an error, and its artifacts are not found."""
    built = build_artifacts()
    text = json.dumps(json.loads(built.render_record()) | change)
    with pytest.raises(ValueError, match=r"."):
        artifacts.parse_record(text, built.folder)
    (built.folder / artifacts.RECORD_NAME).write_text(text)
    assert artifacts.find_newest_artifacts() is None


def test_prune() -> None:
    """Pruning removes older artifacts, but neither the newest nor those that VMs use."""
    build_artifacts()
    used, newest = build_artifacts(), build_artifacts()
    assert 1 == artifacts.prune_artifacts(remove_all=False, in_use=[used.folder])
    assert {used.folder, newest.folder} == set(artifacts.uml_cache_folder().iterdir())


def test_prune_all() -> None:
    """Pruning everything removes all artifacts that are not in use, and the leftovers of killed builds."""
    used = build_artifacts()
    build_artifacts()
    (artifacts.uml_cache_folder() / f"x{artifacts.PARTIAL_SUFFIX}").mkdir()
    assert 1 == artifacts.prune_artifacts(remove_all=True, in_use=[used.folder])
    assert [used.folder] == list(artifacts.uml_cache_folder().iterdir())
    assert 1 == artifacts.prune_artifacts(remove_all=True)
    assert [] == list(artifacts.uml_cache_folder().iterdir())


@pytest.mark.parametrize("remove_all", [True, False])
def test_prune_earlier_versions(remove_all: bool) -> None:
    """Pruning also removes what earlier versions have built, and the leftovers of their killed builds."""
    newest = build_artifacts()
    for name in ("a1b2c3-0000", "a1b2c3-1111.half"):
        earlier = artifacts.uml_cache_folder() / name
        earlier.mkdir()
        write_files(earlier)
        (earlier / "parts.json").write_text('{"format": 2}')
    assert newest == artifacts.find_newest_artifacts()
    assert 1 == artifacts.prune_artifacts(remove_all, in_use=[newest.folder])
    assert [newest.folder] == list(artifacts.uml_cache_folder().iterdir())


def test_paths() -> None:
    """The paths of artifacts depend on their folder."""
    moved = replace(build_artifacts(), folder=Path("/x"))
    paths = [moved.base_disk, moved.sandbox_root, moved.registry_folder, moved.tls_folder]
    assert ["/x/disk.img", "/x/sandbox", "/x/registry", "/x/tls"] == [str(path) for path in paths]
