"""The stream of images from a bundle to an engine: what it contains, and which bundles are refused."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from runner.drivers.docker import image_stream
from runner.errors import UsageError
from runner.images import bundle_file
from runner.images.bundle import BundleManifest, BundleTarget
from runner.status import NullReporter

LAYER, CONFIG = "1" * 64, "2" * 64
MANIFEST = json.dumps([{"Config": f"{CONFIG}.json", "RepoTags": ["labs/node:1"], "Layers": [f"{LAYER}/layer.tar"]}])
FILES = {f"{CONFIG}.json": b"{}", f"{LAYER}/layer.tar": b"layer" * 1000, "manifest.json": MANIFEST.encode()}


class RecordingEngine:
    """Stands in for the API of an engine, and keeps what is loaded into it."""

    def __init__(self) -> None:
        self.loaded = b""

    def load_image(self, data: Iterator[bytes]) -> Iterator[dict[str, str]]:
        """Keep the archive if it is complete, as an engine does."""
        self.loaded = b"".join(data)
        return iter(())


def create_entry(name: str, entry_type: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    """Return an entry of an archive."""
    entry = tarfile.TarInfo(f"engine/{name}")
    entry.type, entry.linkname = entry_type, target
    return entry


def load(path: Path, files: dict[str, bytes], *entries: tarfile.TarInfo) -> bytes:
    """Write a bundle with these files and empty entries, load it, and return what the engine received."""
    manifest = BundleManifest(BundleTarget("docker", "x86_64", "1"))
    with bundle_file.create_bundle(path, manifest, NullReporter()) as archive:
        for entry in entries:
            archive.addfile(entry)
        for name, content in files.items():
            bundle_file.add_record(archive, f"engine/{name}", content)
    engine = RecordingEngine()
    client: Any = SimpleNamespace(api=engine)
    with bundle_file.open_bundle(path, NullReporter()) as reader:
        image_stream.load_images(client, reader, {"labs/node:1"})
    return engine.loaded


def test_archive_for_engine(tmp_path: Path) -> None:
    """The engine receives a complete archive with the files, folders and links of the bundle."""
    link = create_entry(f"{CONFIG}/layer.tar", tarfile.SYMTYPE, f"../{LAYER}/layer.tar")
    loaded = load(tmp_path / "labs.tar.gz", FILES, create_entry(LAYER, tarfile.DIRTYPE), link)
    with tarfile.open(fileobj=io.BytesIO(loaded)) as archive:
        contents = {entry.name: archive.extractfile(entry) for entry in archive if entry.isreg()}
        assert FILES == {name: content.read() for name, content in contents.items() if content}
        assert link.linkname == archive.getmember(f"{CONFIG}/layer.tar").linkname
        assert archive.getmember(LAYER).isdir()


@pytest.mark.parametrize(
    "entry",
    [
        create_entry("repositories"),
        create_entry("index.json"),
        create_entry(f"../{CONFIG}.json"),
        create_entry("/etc/passwd"),
        create_entry("blobs/sha256/../../x"),
        create_entry(f"{CONFIG}/layer.tar", tarfile.SYMTYPE, "/etc/passwd"),
        create_entry(f"{CONFIG}/layer.tar", tarfile.LNKTYPE, f"{LAYER}/layer.tar"),
        create_entry("manifest.json", tarfile.SYMTYPE, f"{CONFIG}.json"),
        create_entry(LAYER, tarfile.FIFOTYPE),
    ],
    ids=lambda entry: f"{entry.name} {entry.type.decode()}",
)
def test_unexpected_entry(entry: tarfile.TarInfo, tmp_path: Path) -> None:
    """An entry that an export never contains is refused by name."""
    with pytest.raises(UsageError, match="it contains an unexpected entry 'engine/"):
        load(tmp_path / "labs.tar.gz", FILES, entry)


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (MANIFEST.replace("labs/node:1", "debian:latest"), "other images than it lists"),
        (MANIFEST.replace('["labs/node:1"]', '["labs/node:1", "labs/node:2"]'), "other images than it lists"),
        ("not JSON", "is damaged"),
        ('{"RepoTags": []}', "is damaged"),
    ],
)
def test_manifest(manifest: str, message: str, tmp_path: Path) -> None:
    """A manifest that gives an image a name that the bundle does not list is refused, and so is a damaged one."""
    with pytest.raises(UsageError, match=message):
        load(tmp_path / "labs.tar.gz", FILES | {"manifest.json": manifest.encode()})


def test_unnamed_image(tmp_path: Path) -> None:
    """An image without a name is not an error: only names could change what other images mean."""
    manifest = MANIFEST.replace('["labs/node:1"]', "null").encode()
    assert load(tmp_path / "labs.tar.gz", FILES | {"manifest.json": manifest})


def test_missing_manifest(tmp_path: Path) -> None:
    """A bundle without the file that names the images is refused."""
    with pytest.raises(UsageError, match="files are missing"):
        load(tmp_path / "labs.tar.gz", {f"{CONFIG}.json": b"{}"})
