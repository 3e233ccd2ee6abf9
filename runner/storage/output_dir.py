"""Output folders that labs manages: changed files are written atomically, and outdated files are removed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from runner.errors import UsageError
from runner.storage import atomic, codec

# A fixed name, so that the file that a killed process leaves is overwritten the next time.
_TEMPORARY_NAME = ".labs-partial"


@dataclass(frozen=True, slots=True)
class WriteSummary:
    """What `ManagedDirectory.write_files` did.

    Attributes:
        file_count: The number of files that the folder should contain.
        changed_count: How many of them were written, because they were new or had other content.
        removed_count: How many outdated files were removed.

    """

    file_count: int
    changed_count: int
    removed_count: int


@dataclass(frozen=True, slots=True)
class ManagedDirectory:
    """A folder with a manifest of the files that labs wrote to it; no other file is ever removed.

    Attributes:
        folder: The folder; it may be missing.
        manifest_name: The name of the manifest in the folder.
        content: What the folder contains, for the error about other files, as in 'a lesson site'.
        advice: What to type if the folder contains other files.

    """

    folder: Path
    manifest_name: str
    content: str
    advice: str

    def check_ownership(self) -> None:
        """Check that the folder is missing, empty, or was written by `write_files` before.

        Raises:
            UsageError: It is not a directory, or contains other files.

        """
        if self.folder.exists() and not self.folder.is_dir():
            raise UsageError(f"{self.folder} is not a directory.", self.advice)
        if (
            self.folder.is_dir()
            and not self._manifest.is_file()
            and any(entry.name != _TEMPORARY_NAME for entry in self.folder.iterdir())
        ):
            raise UsageError(f"{self.folder} contains files that do not belong to {self.content}.", self.advice)

    def write_files(self, files: Mapping[str, bytes]) -> WriteSummary:
        """Write files, and remove those of earlier calls that are not among them.

        Args:
            files: The content of each file by its path in the folder; they are written in this order.

        Raises:
            UsageError: The folder contains other files.
            OSError: A file cannot be written.

        """
        self.check_ownership()
        earlier = self._read_manifest()
        self.folder.mkdir(parents=True, exist_ok=True)
        # The manifest comes first: after an interruption it lists every file that may have been written.
        self._write_file(self._manifest, _render_manifest(earlier | files.keys()))
        outdated = sorted(earlier - files.keys())
        # Remove the files that block a new path first: a file may have become a folder, or the reverse.
        for path in _list_blocking_files(outdated, files.keys()):
            _remove_file(self.folder, path)
        changed_count = sum(self._write_file(self.folder / path, data) for path, data in files.items())
        for path in outdated:
            _remove_file(self.folder, path)
        self._write_file(self._manifest, _render_manifest(files.keys()))
        return WriteSummary(len(files), changed_count, len(outdated))

    @property
    def _manifest(self) -> Path:
        return self.folder / self.manifest_name

    def _read_manifest(self) -> set[str]:
        try:
            paths = codec.decode_json(self._manifest.read_bytes(), set[str])
        except FileNotFoundError:
            return set()
        except (OSError, codec.DecodeError):
            paths = None
        if paths is None or not all(map(_is_inside, paths)):
            raise UsageError(f"{self._manifest} is damaged.", f"Remove the folder {self.folder}, then retry.")
        return paths

    def _write_file(self, path: Path, data: bytes) -> bool:
        """Write a file unless it has this content already; return whether it was written."""
        try:
            if path.read_bytes() == data:
                return False
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
        atomic.write_bytes(path, data, temporary=self.folder / _TEMPORARY_NAME)
        return True


def _render_manifest(paths: Iterable[str]) -> bytes:
    return (codec.encode_json(sorted(paths), indent=0) + "\n").encode()


def _is_inside(path: str) -> bool:
    parts = Path(path).parts
    return bool(parts) and not Path(path).is_absolute() and ".." not in parts


def _list_blocking_files(outdated: Iterable[str], files: Collection[str]) -> list[str]:
    folders = {folder for path in files for folder in _parent_folders(path)}
    return [path for path in outdated if path in folders or any(folder in files for folder in _parent_folders(path))]


def _parent_folders(path: str) -> list[str]:
    return [str(folder) for folder in Path(path).parents]


def _remove_file(folder: Path, path: str) -> None:
    """Remove a file and the folders that are empty without it."""
    if not (folder / path).parent.resolve().is_relative_to(folder.resolve()):
        return  # A folder was replaced with a symbolic link; labs did not write the files that it leads to.
    # The path may now be a folder with new files.
    if (folder / path).is_file() or (folder / path).is_symlink():
        (folder / path).unlink()
    for parent in (folder / path).parents:
        if parent == folder or not parent.is_dir() or any(parent.iterdir()):
            break
        parent.rmdir()
