"""Image bundles of the driver docker: exported from the host engine, imported into an engine without images."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path

import docker
import pytest

from runner.drivers.docker import host_engine, image_stream
from runner.errors import UsageError
from runner.images import bundle_file, recipe
from runner.images.bundle import BundleManifest, BundleTarget
from runner.status import NullReporter
from tests.support.docker_leftovers import run_docker
from tests.support.labs_command import LabsRunner
from tests.support.second_engine import REQUIRES_ROOT, SecondEngine

pytestmark = REQUIRES_ROOT


@pytest.fixture(scope="module")
def bundle(labs: LabsRunner, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Export the images of the tests' project to a folder, and return the file."""
    folder = tmp_path_factory.mktemp("stick")
    # The export adds this tag, and removes it again if it was not there before.
    tag = f"labs/node:{recipe.compute_recipe_version(recipe.NODE)}"
    was_tagged = tag in list_tags()
    result = labs("images", "export", str(folder))
    assert 0 == result.returncode, result.stderr
    assert was_tagged == (tag in list_tags())
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


def connect(host: str) -> docker.DockerClient:
    """Return a client of an engine."""
    return docker.DockerClient(base_url=host, timeout=120)


def copy_image(
    source: docker.DockerClient,
    target: docker.DockerClient,
    name: str,
    file: Path,
    references: Collection[str] = (),
) -> None:
    """Copy an image from one engine to another in a bundle, and close the clients.

    Args:
        source: The engine that has the image.
        target: The other engine.
        name: The image.
        file: The bundle to write.
        references: What the import may create; by default, the image.

    """
    manifest = BundleManifest(BundleTarget("docker", "x86_64", "1"))
    with closing(source), bundle_file.create_bundle(file, manifest, NullReporter()) as archive:
        image_stream.save_images(source, [name], archive)
    with closing(target), bundle_file.open_bundle(file, NullReporter()) as reader:
        image_stream.load_images(target, reader, references or {name})


def read_layers(host: str, name: str) -> str:
    """Return the hashes of an image's unpacked layers."""
    return run_docker("--host", host, "image", "inspect", "--format", "{{.RootFS.Layers}}", name)


def test_hostile_names(engine: SecondEngine, tmp_path: Path) -> None:
    """A bundle with an image under a name that it does not list is refused, and the engine keeps nothing of it."""
    source, name = host_engine.connect_host_engine(), min(tag for tag in list_tags() if tag.startswith("labs/busybox:"))
    with pytest.raises(UsageError, match="it contains other images than it lists"):
        copy_image(source, connect(engine.host), name, tmp_path / "hostile.tar.gz", {"labs/other:1"})
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
        assert (0, 0) == (built.returncode, built.stderr.count("Building")), built.stderr
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
    """Engines load what an engine of another version has saved: the host's what a node's has saved, and the reverse."""
    node_host = labs("env", "node1").stdout.partition("DOCKER_HOST=")[2].split()[0]
    copy_image(connect(node_host), connect(engine.host), "busybox:latest", tmp_path / "node.tar.gz")
    run_docker("--host", engine.host, "tag", "busybox:latest", "labs/copied:1")
    copy_image(connect(engine.host), connect(node_host), "labs/copied:1", tmp_path / "host.tar.gz")
    layers = read_layers(node_host, "busybox:latest")
    assert [layers, layers] == [read_layers(engine.host, "busybox:latest"), read_layers(node_host, "labs/copied:1")]
