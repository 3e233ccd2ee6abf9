"""Bundles for other autograders: each contains labs, the settings, and the scripts that the autograder runs."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from runner import paths
from runner.errors import UsageError
from runner.grading.bundles import classroom50, gradescope, wheel
from runner.grading.bundles.bundle_format import ARTIFACTS_FILE, HIDDEN_FOLDER, TREE_FOLDER, BundleSettings
from runner.images import bundle_file

BUNDLE_FORMATS = {"classroom50": classroom50.BUNDLE_FORMAT, "gradescope": gradescope.BUNDLE_FORMAT}


def write_bundle(
    format_name: str,
    settings: BundleSettings,
    out: Path,
    *,
    hidden_checks: Path | None = None,
    artifacts: Path | None = None,
) -> None:
    """Write a bundle.

    Args:
        format_name: The format, one of `BUNDLE_FORMATS`.
        settings: What it grades.
        out: The file or folder to write; the files of an older bundle in it are replaced.
        hidden_checks: A file with checks that students may not see.
        artifacts: An image bundle from `labs images export`, so that no images are built where the bundle is used.

    Raises:
        UsageError: The output's folder does not exist, or the format or the driver cannot use the artifacts.
        HostError: labs runs from a source folder and is not installed.

    """
    bundle_format = BUNDLE_FORMATS[format_name]
    paths.check_parent_folder(out)
    if artifacts and not bundle_format.accepts_artifacts:
        raise UsageError(f"A bundle for '{format_name}' cannot contain {artifacts}.", "Omit '--artifacts'.")
    if artifacts:
        _check_image_bundle(artifacts, settings.driver)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        wheel.write_labs_wheel(folder)
        if not paths.uses_built_in_labs():
            _copy_tree(folder / TREE_FOLDER, settings.lab)
        if hidden_checks:
            (folder / HIDDEN_FOLDER).mkdir()
            shutil.copy(hidden_checks, folder / HIDDEN_FOLDER)
        if artifacts:
            # A symbolic link avoids a copy of hundreds of megabytes.
            (folder / ARTIFACTS_FILE).symlink_to(artifacts.resolve())
        bundle_format.add_files(folder, settings)
        bundle_format.write_output(folder, out)


def _check_image_bundle(file: Path, driver: str) -> None:
    """Check that a file is an image bundle for the driver that grades."""
    advice = f"'labs images export {file} --driver {driver}' creates it."
    if not file.is_file():
        raise UsageError(f"The file {file} does not exist.", advice)
    target = bundle_file.load_manifest(file).target
    if target.driver != driver:
        raise UsageError(f"{file} is for the driver {target.driver}; this autograder uses {driver}.", advice)


def _copy_tree(tree: Path, lab: str) -> None:
    """Copy a lab that is not built in, with all modules of its checks folder, because its checks may use them."""
    shutil.copytree(paths.labs_folder() / lab, tree / "labs" / lab)
    shutil.copytree(paths.checks_folder(), tree / "checks", ignore=shutil.ignore_patterns("__pycache__"))
