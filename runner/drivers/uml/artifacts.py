"""The artifacts that VMs are created from: the sandbox's root directory with the kernel, the base disk, the registry.

Each build has its own folder in the user's cache. The folder has a temporary name until the build is complete, so an
interrupted build is never used.
"""

from __future__ import annotations

import hashlib
import os
import platform
import secrets
import shutil
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import runner
from runner import paths, signals
from runner.drivers.common import image_set
from runner.images import recipe
from runner.nodes.driver_interface import NodeImage
from runner.storage import atomic, codec

# Increase this number to reject the artifacts of other versions even if their recipes are the same.
_FORMAT = 3
RECORD_NAME = "artifacts.json"
PARTIAL_SUFFIX = ".partial"
# The names that earlier versions used. Their artifacts are never used, but removed like those of this version.
_EARLIER_RECORD_NAME = "parts.json"
_EARLIER_PARTIAL_SUFFIX = ".half"


@dataclass(frozen=True, slots=True)
class Artifacts:
    """The artifacts of one build.

    Attributes:
        folder: The folder that contains them.
        digest: A hash of what they were built from, as `compute_build_digest` returns it.
        node_image: The id of the VM image that the disk was created from.
        images: The images that a new VM has.
        created_at: When they were built, in seconds since 1970.
        labs_version: The version of labs that built them.
        architecture: The processor architecture they are for.

    """

    folder: Path
    digest: str
    node_image: str
    images: tuple[NodeImage, ...]
    created_at: float
    labs_version: str
    architecture: str

    @property
    def base_disk(self) -> Path:
        """The base disk, which VMs only read."""
        return self.folder / "disk.img"

    @property
    def sandbox_root(self) -> Path:
        """The files that the kernels and the registry mirror see as their root directory."""
        return self.folder / "sandbox"

    @property
    def registry_folder(self) -> Path:
        """The registry mirror's storage."""
        return self.folder / "registry"

    @property
    def tls_folder(self) -> Path:
        """The registry mirror's key and certificate, and in `ca` the certificate that VMs trust."""
        return self.folder / "tls"

    def has_images(self, images: Iterable[str]) -> bool:
        """Return whether a new VM has all of these images, up to date with this version's recipes."""
        return image_set.are_images_up_to_date(self.images, images)

    def render_record(self) -> str:
        """Return the content of the record file."""
        data = {"format": _FORMAT, **codec.to_builtins(self)}
        del data["folder"]
        return codec.encode_json(data, indent=2)

    def write_record(self) -> None:
        """Write the record file into the artifacts' folder."""
        atomic.write_text(self.folder / RECORD_NAME, self.render_record())


def uml_cache_folder() -> Path:
    """Return the folder for all artifacts and for the storage of the build tools."""
    return paths.cache_folder() / "uml"


def detect_architecture() -> str:
    """Return the processor architecture of this host."""
    return platform.machine()


def compute_build_digest() -> str:
    """Return a short hash of what artifacts of this version are built from, for this host's architecture."""
    built_from = f"{_FORMAT} {recipe.compute_recipe_version(recipe.VM)} {detect_architecture()}"
    return hashlib.sha256(built_from.encode()).hexdigest()[:12]


def describe_new_artifacts(folder: Path, node_image: str, images: Sequence[NodeImage]) -> Artifacts:
    """Return the description of artifacts that this version has just built on this host.

    Args:
        folder: The folder that contains them.
        node_image: The id of the VM image that the disk was created from.
        images: The images on the base disk.

    """
    return Artifacts(
        folder,
        compute_build_digest(),
        node_image,
        tuple(images),
        time.time(),
        runner.__version__,
        detect_architecture(),
    )


def parse_record(text: str, folder: Path) -> Artifacts:
    """Return the artifacts that the content of a record file describes.

    Raises:
        ValueError: The content is not a record, or has another format.

    """
    data = codec.decode_json(text, dict[str, Any])
    if data.get("format") != _FORMAT:
        raise ValueError("not a record of this format")
    return codec.from_builtins({**data, "folder": str(folder)}, Artifacts)


def find_newest_artifacts() -> Artifacts | None:
    """Return the newest artifacts that match this version, or None."""
    matching = [artifacts for artifacts in _list_artifacts() if artifacts.digest == compute_build_digest()]
    return max(matching, key=lambda artifacts: artifacts.created_at, default=None)


def has_outdated_artifacts() -> bool:
    """Return whether there are artifacts of another version of labs or of its recipes."""
    return any(artifacts.digest != compute_build_digest() for artifacts in _list_artifacts())


def _list_artifacts() -> Iterator[Artifacts]:
    for record in uml_cache_folder().glob(f"*/{RECORD_NAME}"):
        if record.parent.suffix == PARTIAL_SUFFIX:
            continue
        try:
            artifacts = parse_record(record.read_text("utf-8"), record.parent)
        except (OSError, ValueError):
            # An earlier version wrote it, or `prune_artifacts` was interrupted.
            continue
        folders = (artifacts.sandbox_root, artifacts.registry_folder, artifacts.tls_folder)
        if artifacts.base_disk.is_file() and all(folder.is_dir() for folder in folders):
            yield artifacts


@contextmanager
def create_partial_folder() -> Iterator[Path]:
    """Create a folder to build artifacts in.

    It is deleted at the end of the block, unless `publish_artifacts` has renamed it. The images' lock must be held.
    """
    uml_cache_folder().mkdir(parents=True, exist_ok=True)
    remove_partial_folders()
    folder = uml_cache_folder() / f"{compute_build_digest()}-{secrets.token_hex(4)}{PARTIAL_SUFFIX}"
    # The kernels and the registry mirror run without privileges, so every user must be able to read these files,
    # even if root has a umask that denies it.
    previous_umask = os.umask(0o022)
    try:
        folder.mkdir()
        yield folder
    finally:
        os.umask(previous_umask)
        with signals.ignore_interrupts_in_block():
            shutil.rmtree(folder, ignore_errors=True)


def publish_artifacts(built: Artifacts) -> Artifacts:
    """Make newly built artifacts available, and return them with their final folder."""
    # VMs write their changes to other files, and all VMs rely on the base disk never changing.
    built.base_disk.chmod(0o444)
    built.write_record()
    published = replace(built, folder=built.folder.with_suffix(""))
    built.folder.rename(published.folder)
    return published


def remove_partial_folders() -> None:
    """Remove the leftovers of interrupted builds; the images' lock must be held."""
    for suffix in (PARTIAL_SUFFIX, _EARLIER_PARTIAL_SUFFIX):
        for folder in uml_cache_folder().glob(f"*{suffix}"):
            shutil.rmtree(folder, ignore_errors=True)


def prune_artifacts(remove_all: bool, in_use: Collection[Path] = ()) -> int:
    """Remove artifacts that are no longer needed; the images' lock must be held.

    Args:
        remove_all: Also remove the newest ones.
        in_use: Folders of artifacts that the disks of existing VMs depend on; they are never removed.

    Returns:
        How many were removed.

    """
    kept_folders = {folder.resolve() for folder in in_use}
    newest = find_newest_artifacts()
    if newest and not remove_all:
        kept_folders.add(newest.folder.resolve())
    removed = 0
    remove_partial_folders()
    for name in (RECORD_NAME, _EARLIER_RECORD_NAME):
        for record in uml_cache_folder().glob(f"*/{name}"):
            if record.parent.resolve() not in kept_folders:
                # Remove the record first, so that an interruption leaves nothing that looks complete.
                record.unlink()
                shutil.rmtree(record.parent, ignore_errors=True)
                removed += 1
    return removed
