"""What the kinds of bundles share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

# What `labs images export` has written, in a bundle that carries it.
ARTIFACTS_FILE = "labs.parts"
# Of a bundle; each is there only if it is needed.
OPTIONAL_FOLDERS = HIDDEN_FOLDER, TREE_FOLDER = ("hidden", "tree")


@dataclass(frozen=True, slots=True)
class BundleSettings:
    """What a bundle grades, and how.

    Attributes:
        lab: The lab's name.
        driver: The name of the driver.
        seconds: How long all blocks of a submission may take together.
        seed: With what each learner's values are drawn; None where everybody has the lesson's own.

    """

    lab: str
    driver: str
    seconds: int
    seed: str | None = None


@dataclass(frozen=True, slots=True)
class BundleFormat:
    """What a bundle is for.

    Attributes:
        has_engine: Whether there is a Docker Engine where the bundle is used.
        out: Where it is written, if nothing else is asked for.
        takes_parts: Whether it can carry kernel, disk and images of the driver uml.
        add: Adds its own files to a folder that holds the rest.
        pack: Brings such a folder to where the bundle is wanted.
        next: What is to be done with it.

    """

    default_output: str
    has_engine: bool
    accepts_artifacts: bool
    add_files: Callable[[Path, BundleSettings], None]
    write_output: Callable[[Path, Path], None]
    next_step: str
