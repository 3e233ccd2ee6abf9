"""Finds labs by name."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

from runner import paths
from runner.errors import BrokenLabError, UsageError, unknown_name_error
from runner.lessons import parse_cache
from runner.lessons.learner_values import NOBODY, Learner
from runner.lessons.model import Lab

LONGEST_NAME = 30
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def can_name(word: str) -> bool:
    """Whether a word can name a lab: a folder, a module of checks, a cluster and what belongs to it."""
    return len(word) <= LONGEST_NAME and _NAME.fullmatch(word) is not None


def names() -> list[str]:
    """Return the names of all labs there are, sorted."""
    folder = paths.labs_folder()
    return sorted(path.name for path in (folder.iterdir() if folder.is_dir() else ()) if _is_lab(path))


def _is_lab(folder: Path) -> bool:
    # One that this user may not enter is no less a lab, and whoever reads it says so.
    return folder.is_dir() and (not os.access(folder, os.X_OK) or (folder / "lesson.md").exists())


def load(name: str, learner: Learner = NOBODY) -> Lab:
    """Read one lab.

    Args:
        name: Its name.
        learner: Whose values it has; the lesson's own for nobody.

    Raises:
        UsageError: There is no lab of that name.
        BrokenLabError: Its lesson has problems.

    """
    if name not in names():
        raise unknown(name)
    return parse_cache.lab(paths.labs_folder() / name, learner)


def readable() -> list[Lab]:
    """Return all labs whose lessons have no problems, sorted by name."""
    found = []
    for name in names():
        with contextlib.suppress(BrokenLabError):
            found.append(parse_cache.lab(paths.labs_folder() / name))
    return found


def in_order() -> list[str]:
    """Return the names of all labs, each one after those it builds on, and else sorted."""
    before = {lab.name: set(lab.lesson.after) for lab in readable()}
    waiting, found = names(), list[str]()
    while waiting:
        ready = [name for name in waiting if not before.get(name, set()) & {*waiting}]
        # Labs that wait for each other wait for nothing.
        found += ready or waiting
        waiting = [name for name in waiting if name not in found]
    return found


def unknown(name: str) -> UsageError:
    """Make the error for a lab that there is not."""
    folder = paths.labs_folder()
    if folder.is_dir():
        return unknown_name_error("lab", name, names(), "labs list")
    return UsageError(
        f"There is no folder {folder}, so there is no lab '{name}'.",
        "'labs --labs DIR' and LABS_ROOT name the folder that holds 'labs' and 'checks'; 'labs new' makes a first lab.",
    )
