"""Output folders that labs manages."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runner.errors import UsageError
from runner.storage.output_dir import ManagedDirectory, WriteSummary


def _files(folder: Path) -> dict[str, str]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_text("utf-8") for path in paths if path.name != "list"}


@pytest.fixture
def directory(tmp_path: Path) -> ManagedDirectory:
    """Return a folder that does not exist yet."""
    return ManagedDirectory(tmp_path / "out", "list", "a test", "Choose another.")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"a": b"file", "b": b"same"}, {"a/one": b"1", "a/deep/two": b"2", "b": b"same"}),
        ({"a/one": b"1", "a/deep/two": b"2", "b": b"same"}, {"a": b"file", "b": b"same"}),
        ({"a/b": b"file"}, {"a/b/c": b"deeper", "z": b"last"}),
    ],
)
def test_files_become_folders(directory: ManagedDirectory, before: dict[str, bytes], after: dict[str, bytes]) -> None:
    """A file can be replaced by a folder, and a folder by a file."""
    directory.write_files(before)
    assert len(before.keys() - after.keys()) == directory.write_files(after).removed_count
    assert {path: data.decode() for path, data in after.items()} == _files(directory.folder)
    directory.write_files(before)
    assert {path: data.decode() for path, data in before.items()} == _files(directory.folder)


def test_interrupted(directory: ManagedDirectory) -> None:
    """A write that was interrupted after a file had become a folder is completed by the next one."""
    directory.write_files({"a": b"file"})
    (directory.folder / "list").write_text('["a", "a/one"]', "utf-8")
    (directory.folder / "a").unlink()
    (directory.folder / "a").mkdir()
    (directory.folder / "a" / "one").write_bytes(b"1")
    assert WriteSummary(file_count=2, changed_count=1, removed_count=1) == directory.write_files(
        {"a/one": b"1", "a/two": b"2"}
    )
    assert {"a/one": "1", "a/two": "2"} == _files(directory.folder)


def test_other_files(directory: ManagedDirectory) -> None:
    """A folder that contains files from elsewhere is not replaced by a file."""
    directory.write_files({"a/one": b"1"})
    (directory.folder / "a" / "mine").write_text("kept", "utf-8")
    with pytest.raises(OSError, match="directory"):
        directory.write_files({"a": b"file"})
    assert "kept" == (directory.folder / "a" / "mine").read_text("utf-8")


def test_not_empty(directory: ManagedDirectory) -> None:
    """A folder with other files is refused, and so is a file in place of the folder."""
    directory.folder.mkdir()
    (directory.folder / ".labs-partial").touch()
    directory.check_ownership()
    (directory.folder / "mine").touch()
    with pytest.raises(UsageError, match="out contains files that do not belong to a test"):
        directory.write_files({})
    with pytest.raises(UsageError, match="mine is not a directory"):
        replace(directory, folder=directory.folder / "mine").write_files({})


@pytest.mark.parametrize("manifest", ["", "[1]", '["../a"]', '["/a"]', "{}"])
def test_damaged_manifest(manifest: str, directory: ManagedDirectory) -> None:
    """A damaged manifest is refused, so that no other file is removed."""
    directory.write_files({"a": b"1"})
    (directory.folder / "list").write_text(manifest, "utf-8")
    with pytest.raises(UsageError, match="list is damaged"):
        directory.write_files({"b": b"2"})
    assert {"a": "1"} == _files(directory.folder)
