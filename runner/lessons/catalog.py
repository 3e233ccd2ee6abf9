"""List labs and load them by name."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from runner import paths
from runner.errors import BrokenLabError, UsageError, create_unknown_name_error
from runner.lessons import parse_cache
from runner.lessons.learner_values import NO_LEARNER, Learner
from runner.lessons.model import Lab
from runner.lessons.problems import Problem

MAX_NAME_LENGTH = 30
_NAME_PATTERN = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def is_valid_lab_name(name: str) -> bool:
    """Return whether a lab can have this name, which its folder, its check module and its clusters share."""
    return len(name) <= MAX_NAME_LENGTH and _NAME_PATTERN.fullmatch(name) is not None


def list_lab_names() -> list[str]:
    """Return the names of all labs, sorted."""
    folder = paths.labs_folder()
    return sorted(path.name for path in (folder.iterdir() if folder.is_dir() else ()) if _is_lab(path))


def _is_lab(folder: Path) -> bool:
    # A folder that the user has no permission to open counts as a lab, so that loading it reports the error.
    return folder.is_dir() and (not os.access(folder, os.X_OK) or (folder / "lesson.md").exists())


def load_lab(name: str, learner: Learner = NO_LEARNER) -> Lab:
    """Load a lab.

    Args:
        name: Its name.
        learner: The learner whose values are filled in; `NO_LEARNER` for the default values.

    Raises:
        UsageError: There is no lab of that name.
        BrokenLabError: Its lesson has problems.

    """
    if name not in list_lab_names():
        raise create_unknown_lab_error(name)
    return parse_cache.load_or_parse_lab(paths.labs_folder() / name, learner)


def find_folders_without_lesson() -> Iterator[Problem]:
    """Yield the folders that have a lab's `setup.sh` but no lesson, because they are not in the list of labs."""
    for script in sorted(paths.labs_folder().glob("*/setup.sh")):
        if not (script.parent / "lesson.md").exists():
            yield Problem(script.parent / "lesson.md", 1, "the file is missing, although the lab has a setup.sh")


def find_reserved_name_problems(folder: Path, languages: Collection[str]) -> Iterator[Problem]:
    """Yield a problem if the site has other pages in the folder that the pages of a lab would be in.

    Args:
        folder: The lab's folder.
        languages: The languages of the site.

    """
    # Only the site of the built-in labs contains the documentation.
    if folder.name in languages or (folder.name == "docs" and paths.uses_built_in_labs()):
        message = f"'{folder.name}' is not a valid name for a lab; the site has other pages in a folder of this name"
        yield Problem(folder / "lesson.md", 1, message)


def load_labs_without_problems() -> list[Lab]:
    """Return all labs whose lessons have no problems, sorted by name."""
    labs = []
    for name in list_lab_names():
        with contextlib.suppress(BrokenLabError):
            labs.append(parse_cache.load_or_parse_lab(paths.labs_folder() / name))
    return labs


def list_lab_names_in_prerequisite_order() -> list[str]:
    """Return the names of all labs, each one after its prerequisites and otherwise in alphabetical order."""
    prerequisites = {lab.name: set(lab.lesson.prerequisites) for lab in load_labs_without_problems()}
    pending, names = list_lab_names(), list[str]()
    while pending:
        ready = [name for name in pending if not prerequisites.get(name, set()) & {*pending}]
        # Labs that are prerequisites of each other are never ready: list them in alphabetical order.
        names += ready or pending
        pending = [name for name in pending if name not in names]
    return names


def create_unknown_lab_error(name: str) -> UsageError:
    """Return the error for a lab that does not exist."""
    folder = paths.labs_folder()
    if folder.is_dir():
        return create_unknown_name_error("lab", name, list_lab_names(), "labs list")
    return UsageError(
        f"The folder {folder} does not exist, so there is no lab '{name}'.",
        "Set LABS_ROOT or use 'labs --labs DIR' to name the folder that contains 'labs' and 'checks'. "
        "'labs new' creates a first lab.",
    )
