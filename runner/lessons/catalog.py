"""Finds labs by name."""

from __future__ import annotations

import contextlib

from runner import paths, suggest
from runner.errors import BrokenLabError
from runner.lessons import remembered
from runner.lessons.model import Lab


def names() -> list[str]:
    """Return the names of all labs there are, sorted."""
    folder = paths.labs_folder()
    return sorted(path.parent.name for path in folder.glob("*/lesson.md"))


def load(name: str) -> Lab:
    """Read one lab.

    Raises:
        UsageError: There is no lab of that name.
        BrokenLabError: Its lesson has problems.

    """
    known = names()
    if name not in known:
        raise suggest.unknown("lab", name, known, "labs list")
    return remembered.lab(paths.labs_folder() / name)


def readable() -> list[Lab]:
    """Return all labs whose lessons have no problems, sorted by name."""
    found = []
    for name in names():
        with contextlib.suppress(BrokenLabError):
            found.append(load(name))
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
