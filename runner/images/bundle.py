"""Image bundles: files that carry a driver's images to another host, and what each one says about itself."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import runner
from runner.errors import UsageError
from runner.images import recipe
from runner.storage import codec

# Increase this number when the structure of bundles changes.
_FORMAT = 1
_ARCHITECTURE_ALIASES = {"amd64": "x86_64", "arm64": "aarch64"}


@dataclass(frozen=True, slots=True)
class BundleTarget:
    """The hosts that can use a bundle.

    Attributes:
        driver: The name of the driver that the images are for.
        architecture: The processor architecture, as `uname -m` prints it.
        node_version: A hash of the recipes that nodes are created from.

    """

    driver: str
    architecture: str
    node_version: str


@dataclass(frozen=True, slots=True)
class BundleManifest:
    """What a bundle says about itself, in its first entry.

    Attributes:
        target: The hosts that can use it.
        recipe_versions: The version of each stand-in image's recipe, by the name of the recipe.
        labs_version: The version of labs that wrote it.
        format: The structure of the bundle.

    """

    target: BundleTarget
    recipe_versions: dict[str, str] = field(default_factory=dict)
    labs_version: str = runner.__version__
    format: int = _FORMAT

    def check_target(self, path: Path, target: BundleTarget) -> None:
        """Check that this host can use the bundle.

        Args:
            path: The bundle, for messages.
            target: What this host needs.

        Raises:
            UsageError: It is for another processor, or for another version of labs.

        """
        if self.target.architecture != target.architecture:
            raise UsageError(
                f"{path} is for {self.target.architecture} processors; this host has {target.architecture}.",
                "Use a bundle that was exported on a host with the same kind of processor.",
            )
        if self.target != target:
            raise UsageError(
                f"{path} was exported by labs {self.labs_version}, whose recipes differ from those of this "
                f"version, {runner.__version__}.",
                "Use a bundle that was exported by the same version of labs.",
            )


def parse_manifest(text: bytes) -> BundleManifest:
    """Return the manifest that a bundle's first entry contains.

    Raises:
        ValueError: It is not a manifest, or belongs to another version of labs.

    """
    manifest = codec.decode_json(text, BundleManifest)
    if manifest.format != _FORMAT:
        raise ValueError("not a bundle of this format")
    return manifest


def normalize_architecture(name: str) -> str:
    """Return the name that `uname -m` prints on Linux for a processor architecture."""
    return _ARCHITECTURE_ALIASES.get(name, name)


def format_bundle_name(target: BundleTarget) -> str:
    """Return the file name of the bundle for a host, which changes with every recipe of an image for nodes."""
    stand_ins = {source.name for source in recipe.map_image_names_to_recipes().values()}
    versions = [f"{name} {recipe.compute_recipe_version(name)}" for name in sorted(stand_ins)]
    digest = hashlib.sha256("\n".join([target.node_version, *versions]).encode()).hexdigest()[:12]
    return f"labs-images-{target.driver}-{target.architecture}-{digest}.tar.gz"
