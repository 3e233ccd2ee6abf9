"""A folder of files of ours: what changed is written, each file whole or not at all, and what is stale is removed."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from runner.errors import UsageError
from runner.storage import atomic, codec

# What is written before it is put in its place.
_HALF = ".labs-half"


@dataclass(frozen=True, slots=True)
class WriteSummary:
    """What was done to a folder.

    Attributes:
        files: How many files it was given.
        changed: How many of them were written anew.
        removed: How many earlier files of ours were removed.

    """

    file_count: int
    changed_count: int
    removed_count: int


@dataclass(frozen=True, slots=True)
class ManagedDirectory:
    """A folder that we write to, with a list in it of what we wrote, which is all that we may ever remove.

    Attributes:
        folder: The folder; it may be missing.
        list_name: What the list is called in it.
        what: What a file that is not ours is, as in 'holds files that no site was built from'.
        advice: What to type instead.

    """

    folder: Path
    manifest_name: str
    foreign_description: str
    advice: str

    def check_ownership(self) -> None:
        """Make sure that it may be written to: it is empty or missing, or the same was written there before.

        Raises:
            UsageError: It holds what is not ours.

        """
        if self.folder.exists() and not self.folder.is_dir():
            raise UsageError(f"{self.folder} is no folder.", self.advice)
        if (
            self.folder.is_dir()
            and not self._list.is_file()
            and any(one.name != _HALF for one in self.folder.iterdir())
        ):
            raise UsageError(f"{self.folder} holds files that {self.foreign_description}.", self.advice)

    def write_files(self, files: Mapping[str, bytes]) -> WriteSummary:
        """Make it hold these files, by their paths in it and in their order, and none of ours beside them.

        Raises:
            UsageError: It holds what is not ours.
            OSError: It cannot be written to.

        """
        self.check_ownership()
        before = self._listed()
        self.folder.mkdir(parents=True, exist_ok=True)
        # Said before it is done: what is cut short leaves nothing that the next one would not know as ours.
        self._put(self._list, _text(before | files.keys()))
        stale = sorted(before - files.keys())
        # First those that would be in the way: a file may have become a folder, and a folder a file.
        for path in _in_the_way(stale, files.keys()):
            _remove(self.folder, path)
        changed = sum(self._put(self.folder / path, data) for path, data in files.items())
        for path in stale:
            _remove(self.folder, path)
        self._put(self._list, _text(files.keys()))
        return WriteSummary(len(files), changed, len(stale))

    @property
    def _list(self) -> Path:
        return self.folder / self.manifest_name

    def _listed(self) -> set[str]:
        try:
            listed = codec.decode_json(self._list.read_bytes(), set[str])
        except FileNotFoundError:
            return set()
        except (OSError, codec.DecodeError):
            listed = None
        if listed is None or not all(map(_is_below, listed)):
            raise UsageError(f"{self._list} is damaged.", "Remove the folder, then type this again.")
        return listed

    def _put(self, path: Path, data: bytes) -> bool:
        try:
            if path.read_bytes() == data:
                return False
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
        atomic.write_bytes(path, data, temporary=self.folder / _HALF)
        return True


def _text(paths: Iterable[str]) -> bytes:
    return (json.dumps(sorted(paths), indent=0, ensure_ascii=False) + "\n").encode()


def _is_below(path: str) -> bool:
    parts = Path(path).parts
    return bool(parts) and not Path(path).is_absolute() and ".." not in parts


def _in_the_way(stale: Iterable[str], files: Collection[str]) -> list[str]:
    folders = {folder for path in files for folder in _folders(path)}
    return [path for path in stale if path in folders or any(folder in files for folder in _folders(path))]


def _folders(path: str) -> list[str]:
    return [str(folder) for folder in Path(path).parents]


def _remove(folder: Path, path: str) -> None:
    if not (folder / path).parent.resolve().is_relative_to(folder.resolve()):
        return  # Somebody has put a link in the place of a folder; what it leads to is not ours.
    # By now it may be a folder of new files.
    if (folder / path).is_file() or (folder / path).is_symlink():
        (folder / path).unlink()
    for parent in (folder / path).parents:
        if parent == folder or not parent.is_dir() or any(parent.iterdir()):
            break
        parent.rmdir()
