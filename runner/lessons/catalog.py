"""Finds labs by name."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

from runner import paths
from runner.errors import BrokenLabError, UsageError, unknown_name_error
from runner.lessons import parse_cache
from runner.lessons.learner_values import NO_LEARNER, Learner
from runner.lessons.model import Lab

MAX_NAME_LENGTH = 30
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def is_valid_lab_name(word: str) -> bool:
    """Whether a word can name a lab: a folder, a module of checks, a cluster and what belongs to it."""
    return len(word) <= MAX_NAME_LENGTH and _NAME.fullmatch(word) is not None


def list_lab_names() -> list[str]:
    """Return the names of all labs there are, sorted."""
    folder = paths.labs_folder()
    return sorted(path.name for path in (folder.iterdir() if folder.is_dir() else ()) if _is_lab(path))


def _is_lab(folder: Path) -> bool:
    # One that this user may not enter is no less a lab, and whoever reads it says so.
    return folder.is_dir() and (not os.access(folder, os.X_OK) or (folder / "lesson.md").exists())


def load_lab(name: str, learner: Learner = NO_LEARNER) -> Lab:
    """Read one lab.

    Args:
        name: Its name.
        learner: Whose values it has; the lesson's own for nobody.

    Raises:
        UsageError: There is no lab of that name.
        BrokenLabError: Its lesson has problems.

    """
    if name not in list_lab_names():
        raise unknown_lab_error(name)
    return parse_cache.load_cached_lab(paths.labs_folder() / name, learner)


def load_valid_labs() -> list[Lab]:
    """Return all labs whose lessons have no problems, sorted by name."""
    found = []
    for name in list_lab_names():
        with contextlib.suppress(BrokenLabError):
            found.append(parse_cache.load_cached_lab(paths.labs_folder() / name))
    return found


def list_names_by_prerequisite() -> list[str]:
    """Return the names of all labs, each one after those it builds on, and else sorted."""
    before = {lab.name: set(lab.lesson.prerequisites) for lab in load_valid_labs()}
    waiting, found = list_lab_names(), list[str]()
    while waiting:
        ready = [name for name in waiting if not before.get(name, set()) & {*waiting}]
        # Labs that wait for each other wait for nothing.
        found += ready or waiting
        waiting = [name for name in waiting if name not in found]
    return found


def unknown_lab_error(name: str) -> UsageError:
    """Make the error for a lab that there is not."""
    folder = paths.labs_folder()
    if folder.is_dir():
        return unknown_name_error("lab", name, list_lab_names(), "labs list")
    return UsageError(
        f"There is no folder {folder}, so there is no lab '{name}'.",
        "'labs --labs DIR' and LABS_ROOT name the folder that holds 'labs' and 'checks'; 'labs new' makes a first lab.",
    )
