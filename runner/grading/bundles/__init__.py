"""Bundles for other people's autograders: labs itself, what to grade, and the few lines that they call."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from runner import paths
from runner.errors import UsageError
from runner.grading.bundles import classroom50, gradescope, wheel
from runner.grading.bundles.base import ARTIFACTS_FILE, HIDDEN_FOLDER, TREE_FOLDER, BundleSettings

BUNDLE_FORMATS = {"classroom50": classroom50.BUNDLE_FORMAT, "gradescope": gradescope.BUNDLE_FORMAT}


def write_bundle(
    name: str, settings: BundleSettings, out: Path, *, hidden: Path | None = None, parts: Path | None = None
) -> None:
    """Write a bundle.

    Args:
        name: One of `KINDS`.
        settings: What it is to grade.
        out: The file, or the folder; what a bundle has there already is written over.
        hidden: A file of checks that students may not see.
        parts: A file that `labs images export` has written, so that nothing is to be built where the bundle is used.

    Raises:
        UsageError: There is no folder to write it to, or it cannot carry parts.
        HostError: labs runs from a folder, and was not installed.

    """
    kind = BUNDLE_FORMATS[name]
    paths.check_parent_folder(out)
    if parts and not kind.accepts_artifacts:
        raise UsageError(f"A bundle '{name}' cannot carry {parts}.", "Leave '--parts' out.")
    if parts and not parts.is_file():
        raise UsageError(f"There is no file {parts}.", f"'labs images export {parts}' writes it.")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        wheel.write_wheel(folder)
        if not paths.uses_built_in_labs():
            _add_tree(folder / TREE_FOLDER, settings.lab)
        if hidden:
            (folder / HIDDEN_FOLDER).mkdir()
            shutil.copy(hidden, folder / HIDDEN_FOLDER)
        if parts:
            # Hundreds of megabytes need no second copy.
            (folder / ARTIFACTS_FILE).symlink_to(parts.resolve())
        kind.add_files(folder, settings)
        kind.write_output(folder, out)


def _add_tree(tree: Path, lab: str) -> None:
    """Add a lab that did not come with labs, and all checks that lie beside its own, for they may share code."""
    shutil.copytree(paths.labs_folder() / lab, tree / "labs" / lab)
    shutil.copytree(paths.checks_folder(), tree / "checks", ignore=shutil.ignore_patterns("__pycache__"))
