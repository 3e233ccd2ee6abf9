"""Used by all bundle formats: settings, the description of a format, and the names of optional files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

# The output of `labs images export`, in a bundle that contains it.
ARTIFACTS_FILE = "labs-artifacts.tar.gz"
# Folders in a bundle: the hidden checks, and a lab that is not built in with its checks. Each exists only if needed.
HIDDEN_FOLDER = "hidden"
TREE_FOLDER = "tree"
OPTIONAL_FOLDERS = (HIDDEN_FOLDER, TREE_FOLDER)


@dataclass(frozen=True, slots=True)
class BundleSettings:
    """What a bundle grades, and how.

    Attributes:
        lab: The lab's name.
        driver: The name of the driver.
        seconds: The time limit for all blocks of a submission together.
        seed: The word with which each learner's values are drawn; None if all learners have the default values.

    """

    lab: str
    driver: str
    seconds: int
    seed: str | None = None


@dataclass(frozen=True, slots=True)
class BundleFormat:
    """An autograder that bundles are written for.

    Attributes:
        default_output: The file or folder to write by default.
        has_engine: Whether there is a Docker Engine where the bundle grades.
        accepts_artifacts: Whether it can contain the exported images of a driver.
        add_files: Adds the format's own files to a folder that contains all others.
        write_output: Writes the contents of that folder to the output.
        next_step: What to do with the output.

    """

    default_output: str
    has_engine: bool
    accepts_artifacts: bool
    add_files: Callable[[Path, BundleSettings], None]
    write_output: Callable[[Path, Path], None]
    next_step: str
