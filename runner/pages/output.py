"""The folder that the site is written to: only what changed is written, and what is no longer made is removed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from runner.errors import UsageError

# Lists what we wrote, which is all that we may ever remove.
_LIST = ".labs-site.json"


@dataclass(frozen=True, slots=True)
class Written:
    """What a build did to its folder.

    Attributes:
        files: How many files the site has.
        changed: How many of them were written anew.
        removed: How many files of an earlier build were removed.

    """

    files: int
    changed: int
    removed: int


def claim(folder: Path) -> None:
    """Make sure that a folder may be written to: it is empty or missing, or a site was built there before.

    Raises:
        UsageError: It holds what is not ours.

    """
    if folder.is_dir() and not (folder / _LIST).is_file() and any(folder.iterdir()):
        raise UsageError(f"{folder} holds files that no site was built from.", "Name an empty folder with --out.")
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is no folder.", "Name a folder with --out.")


def write(folder: Path, files: Mapping[str, bytes]) -> Written:
    """Make a folder hold these files, by their paths in it, and none of an earlier build.

    Raises:
        UsageError: The folder holds what is not ours.
        OSError: It cannot be written to.

    """
    claim(folder)
    before = _listed(folder)
    folder.mkdir(parents=True, exist_ok=True)
    # Said before it is done: a build that is cut short leaves nothing that the next one would not know as ours.
    _put(folder / _LIST, _list(before | files.keys()))
    changed = sum(_put(folder / path, data) for path, data in files.items())
    stale = sorted(before - files.keys())
    for path in stale:
        _remove(folder, path)
    _put(folder / _LIST, _list(files.keys()))
    return Written(len(files), changed, len(stale))


def _list(paths: Iterable[str]) -> bytes:
    return (json.dumps(sorted(paths), indent=0, ensure_ascii=False) + "\n").encode()


def _listed(folder: Path) -> set[str]:
    try:
        found = json.loads((folder / _LIST).read_text("utf-8"))
    except FileNotFoundError:
        return set()
    except (OSError, ValueError):
        found = None
    if not isinstance(found, list) or not all(isinstance(path, str) and _is_below(path) for path in found):
        raise UsageError(f"{folder / _LIST} is damaged.", "Remove the folder, then type this again.")
    return set(found)


def _is_below(path: str) -> bool:
    parts = Path(path).parts
    return bool(parts) and not Path(path).is_absolute() and ".." not in parts


def _put(path: Path, data: bytes) -> bool:
    try:
        if path.read_bytes() == data:
            return False
    except (FileNotFoundError, NotADirectoryError):
        path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return True


def _remove(folder: Path, path: str) -> None:
    if not (folder / path).parent.resolve().is_relative_to(folder.resolve()):
        return  # Somebody has put a link in the place of a folder; what it leads to is not ours.
    (folder / path).unlink(missing_ok=True)
    for parent in (folder / path).parents:
        if parent == folder or not parent.is_dir() or any(parent.iterdir()):
            break
        parent.rmdir()
