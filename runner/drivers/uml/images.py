"""Builds and pulls images with buildah, on a host that needs no Docker Engine."""

from __future__ import annotations

import shutil
import threading
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from runner import paths
from runner.drivers.common import image_set
from runner.drivers.common.image_builder import StoredImage
from runner.drivers.uml import artifacts, buildah
from runner.drivers.uml.buildah import BuildahStorage
from runner.errors import HostError
from runner.images import debian_base, recipe
from runner.images.recipe import Recipe
from runner.status import DetailCallback

_REGISTRY_HOST = "docker.io"
_REGISTRY_URL = "https://registry-1.docker.io/v2/"
# A reachable registry answers in a fraction of this; without network, a name server can take minutes to time out.
_REGISTRY_SECONDS = 2.0


class BuildahBackend:
    """Pulls and builds images in buildah's storage.

    Args:
        storage: The storage.

    """

    node_recipe_name = recipe.VM

    def __init__(self, storage: BuildahStorage) -> None:
        self._storage = storage

    def is_registry_reachable(self) -> bool:
        """Return whether Docker Hub's registry answers, even if only with a request to log in."""
        answers: list[bool] = []

        def ask() -> None:
            try:
                urllib.request.urlopen(_REGISTRY_URL, timeout=_REGISTRY_SECONDS).close()
                answers.append(True)
            except urllib.error.HTTPError as error:
                answers.append("docker-distribution-api-version" in error.headers)
            except (OSError, ValueError):
                answers.append(False)

        # Looking up the host name has no time limit, so it runs in a thread that is abandoned if it takes too long.
        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        thread.join(_REGISTRY_SECONDS)
        return answers == [True]

    def get_pulled_tag(self, name: str) -> str:
        """Return the tag with the registry's host name, which buildah keeps."""
        return _format_pulled_tag(name)

    def find_stored_images(self, tags: Iterable[str]) -> dict[str, StoredImage]:
        """List all images of the storage and select these."""
        stored = self._storage.list_images()
        return {tag: stored[tag] for tag in tags if tag in stored}

    def try_pull_image(self, name: str) -> bool:
        """Pull an image."""
        try:
            self._storage.run_buildah(
                "pull", "--quiet", f"docker://{self.get_pulled_tag(name)}", purpose=f"pulling {name}"
            )
        except HostError:
            return False
        return True

    def build_base_image(self, tag: str, is_online: bool, report_detail: DetailCallback) -> None:
        """Build the base with mmdebstrap, even online, so that it uses this host's package mirrors."""
        # Left over from a build that was killed.
        for leftover in paths.cache_folder().glob(f"{debian_base.ARCHIVE_PREFIX}*.tar"):
            leftover.unlink(missing_ok=True)
        archive = debian_base.bootstrap_base_archive(report_detail)
        try:
            with _build_context() as folder:
                archive.rename(folder / "base.tar")
                (folder / "Dockerfile").write_text("FROM scratch\nADD base.tar /\n", "utf-8")
                self._storage.build_image(folder, tag, {})
        finally:
            archive.unlink(missing_ok=True)

    def build_image(self, source: Recipe, tag: str, base_tag: str, report_detail: DetailCallback) -> None:
        """Build an image in the recipe's own folder."""
        self._storage.build_image(source.folder, tag, {"BASE": base_tag}, report_detail)

    def cancel_builds(self) -> None:
        """Kill the running buildah processes."""
        self._storage.processes.kill_all_processes()


def prune_images(remove_all: bool) -> int:
    """Remove the images that this version of labs no longer builds from; the caller holds the images' lock.

    Args:
        remove_all: Also remove the others.

    Returns:
        How many were removed.

    """
    if not shutil.which("buildah"):
        # Nothing was ever built here: the artifacts were imported from another host.
        return 0
    if remove_all:
        return buildah.prune_storage_images(keep=[])
    current = artifacts.find_newest_artifacts()
    real = [_format_pulled_tag(image.name) for image in current.images if not image.stand_in] if current else []
    return buildah.prune_storage_images(
        keep=[*recipe.compute_image_tags(debian_base.hash_host_inputs()).values(), *real]
    )


def _format_pulled_tag(name: str) -> str:
    return f"{_REGISTRY_HOST}/{image_set.add_library_namespace(name)}"


@contextmanager
def _build_context() -> Iterator[Path]:
    """Yield an empty temporary folder to build from."""
    folder = artifacts.uml_cache_folder() / "context"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
