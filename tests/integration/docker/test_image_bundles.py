"""Image bundles of the driver docker: exported from the host engine, imported into an engine without images."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from runner.drivers.docker import image_stream
from runner.images import bundle_file
from runner.images.bundle import BundleManifest, BundleTarget
from runner.status import NullReporter
from tests.support.docker_leftovers import run_docker
from tests.support.labs_command import LabsRunner
from tests.support.second_engine import REQUIRES_ROOT, SecondEngine

pytestmark = REQUIRES_ROOT
MANIFEST = "engine/manifest.json"


@pytest.fixture(scope="module")
def bundle(labs: LabsRunner, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Export the images of the tests' project to a folder, and return the file."""
    folder = tmp_path_factory.mktemp("stick")
    tags = list_tags()
    result = labs("images", "export", str(folder))
    assert 0 == result.returncode, result.stderr
    assert tags == list_tags()
    (file,) = folder.glob("labs-images-docker-*.tar.gz")
    return file


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecondEngine]:
    """Yield an engine without images, which can reach no network."""
    second = SecondEngine(tmp_path_factory.mktemp("engine"))
    second.start()
    try:
        yield second
    finally:
        second.stop()


def list_tags(host: str = "") -> set[str]:
    """Return the tags of all images on an engine."""
    options = ["--host", host] if host else []
    return set(run_docker(*options, "images", "--format", "{{.Repository}}:{{.Tag}}").split())


def rewrite_manifest(source: Path, target: Path, add_tag: str) -> None:
    """Copy a bundle, and give its first image one more tag."""
    with tarfile.open(source) as old, tarfile.open(target, "w:gz", compresslevel=1) as new:
        for entry in old:
            content = old.extractfile(entry)
            if content and entry.name == MANIFEST:
                saved = json.load(content)
                saved[0]["RepoTags"].append(add_tag)
                data = json.dumps(saved).encode()
                entry.size = len(data)
                content = io.BytesIO(data)
            new.addfile(entry, content)


def test_hostile_names(bundle: Path, engine: SecondEngine, labs: LabsRunner, tmp_path: Path) -> None:
    """A bundle that would give another image a well-known name is refused, and the engine keeps nothing of it."""
    hostile = tmp_path / "hostile.tar.gz"
    rewrite_manifest(bundle, hostile, "debian:latest")
    result = labs("images", "import", str(hostile), env={"DOCKER_HOST": engine.host})
    assert 2 == result.returncode, result.stderr
    assert "it contains other images than it lists" in result.stderr
    assert set() == list_tags(engine.host)


def test_truncated_bundle(bundle: Path, engine: SecondEngine, labs: LabsRunner, tmp_path: Path) -> None:
    """A truncated bundle without a checksum is refused as damaged, and the engine keeps nothing of it."""
    truncated = tmp_path / "truncated.tar.gz"
    truncated.write_bytes(bundle.read_bytes()[: bundle.stat().st_size // 2])
    result = labs("images", "import", str(truncated), env={"DOCKER_HOST": engine.host})
    assert 2 == result.returncode, result.stderr
    assert "truncated.tar.gz cannot be imported: it is incomplete or damaged" in result.stderr
    assert set() == list_tags(engine.host)


def test_import_and_start(bundle: Path, engine: SecondEngine, labs: LabsRunner) -> None:
    """After an import, an engine without a registry starts a lab at once, and builds nothing."""
    variables = {"DOCKER_HOST": engine.host}
    try:
        imported = labs("images", "import", str(bundle), env=variables)
        assert 0 == imported.returncode, imported.stderr
        assert "Its checksum is correct; it is not signed." in imported.stdout
        built = labs("images", "build", "trio", env=variables)
        assert (0, "") == (built.returncode, built.stderr)
        started = labs("start", "trio", env=variables)
        assert 0 == started.returncode, started.stderr
        assert 0 == labs("play", "trio", env=variables).returncode
        again = labs("images", "import", str(bundle), env=variables)
        assert 0 == again.returncode, again.stderr
        assert "Filling the layer cache" not in again.stderr
    finally:
        labs("rm", "--all", env=variables)


@pytest.mark.usefixtures("trio")
def test_other_engine_version(engine: SecondEngine, labs: LabsRunner, tmp_path: Path) -> None:
    """A node engine, which is another version than the host's engine, loads what that has saved, and the reverse."""
    node_host = labs("env", "node1").stdout.partition("DOCKER_HOST=")[2].split()[0].strip("'\"")
    host_engine, node_engine = (docker.DockerClient(base_url=url, timeout=120) for url in (engine.host, node_host))
    with host_engine, node_engine:
        assert host_engine.version()["Version"] != node_engine.version()["Version"]
        image = node_engine.images.get("busybox:latest")
        copy_image(node_engine, host_engine, "busybox:latest", tmp_path / "node.tar.gz")
        assert image.attrs["RootFS"] == host_engine.images.get("busybox:latest").attrs["RootFS"]
        host_engine.api.tag("busybox:latest", "labs/copied", "1")
        copy_image(host_engine, node_engine, "labs/copied:1", tmp_path / "host.tar.gz")
        assert image.attrs["RootFS"] == node_engine.images.get("labs/copied:1").attrs["RootFS"]


def copy_image(source: docker.DockerClient, target: docker.DockerClient, name: str, file: Path) -> None:
    """Copy an image from one engine to another in a bundle."""
    manifest = BundleManifest(BundleTarget("docker", "x86_64", "1"))
    with bundle_file.create_bundle(file, manifest, NullReporter()) as archive:
        image_stream.save_images(source, [name], archive)
    with bundle_file.open_bundle(file, NullReporter()) as reader:
        image_stream.load_images(target, reader, {name})
