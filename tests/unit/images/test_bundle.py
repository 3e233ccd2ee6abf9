"""What a bundle says about itself, and the name that downloads look for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runner.errors import UsageError
from runner.images import bundle, recipe
from runner.images.bundle import BundleManifest, BundleTarget
from runner.storage import codec

TARGET = BundleTarget("docker", "x86_64", "53d53c7f3c1c")
MANIFEST = BundleManifest(TARGET, {"redis": "0a6ddd18e3aa"}, "0.1.0")


def test_round_trip() -> None:
    """A manifest is read as it was written; keys that a later version adds are ignored."""
    text = codec.encode_json(MANIFEST)
    assert MANIFEST == bundle.parse_manifest(text.encode())
    assert MANIFEST == bundle.parse_manifest(text.replace("{", '{"later": 1, ', 1).encode())


@pytest.mark.parametrize("text", ["", "{}", codec.encode_json(replace(MANIFEST, format=2)), '{"target": 1}'])
def test_other_format(text: str) -> None:
    """Something else, and a manifest of another format, is not a manifest."""
    with pytest.raises(ValueError, match=r"not JSON|missing|Expected|not a bundle of this format"):
        bundle.parse_manifest(text.encode())


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (replace(TARGET, architecture="aarch64"), "labs.tar.gz is for x86_64 processors; this host has aarch64."),
        (replace(TARGET, node_version="other"), "labs.tar.gz was exported by labs 0.1.0, whose recipes differ"),
    ],
)
def test_other_host(target: BundleTarget, message: str) -> None:
    """A bundle for another processor or other recipes is refused; the error says for which one it is."""
    MANIFEST.check_target(Path("labs.tar.gz"), TARGET)
    with pytest.raises(UsageError) as caught:
        MANIFEST.check_target(Path("labs.tar.gz"), target)
    assert caught.value.message.startswith(message)


def test_architecture_names() -> None:
    """The names of Go and macOS for processors become those of Linux."""
    names = [bundle.normalize_architecture(name) for name in ("amd64", "arm64", "x86_64", "riscv64")]
    assert ["x86_64", "aarch64", "x86_64", "riscv64"] == names


def test_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name contains driver and processor, and changes with the nodes' recipe and with any stand-in's recipe."""
    name = bundle.format_bundle_name(TARGET)
    assert name.startswith("labs-images-docker-x86_64-")
    assert name != bundle.format_bundle_name(replace(TARGET, node_version="other"))
    changed = tmp_path / "redis"
    changed.mkdir()
    (changed / "Dockerfile").write_text("FROM scratch\n")
    recipes = recipe.load_recipes()
    monkeypatch.setitem(recipes, "redis", replace(recipes["redis"], folder=changed))
    assert name != bundle.format_bundle_name(TARGET)
