"""Folders of files of ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.storage.output_dir import ManagedDirectory, Written


def _files(folder: Path) -> dict[str, str]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_text("utf-8") for path in found if path.name != "list"}


@pytest.fixture
def owned(tmp_path: Path) -> ManagedDirectory:
    """Return a folder that is not there yet."""
    return ManagedDirectory(tmp_path / "out", "list", "nobody made", "Type another.")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"a": b"file", "b": b"same"}, {"a/one": b"1", "a/deep/two": b"2", "b": b"same"}),
        ({"a/one": b"1", "a/deep/two": b"2", "b": b"same"}, {"a": b"file", "b": b"same"}),
        ({"a/b": b"file"}, {"a/b/c": b"deeper", "z": b"last"}),
    ],
)
def test_files_and_folders_change_places(
    owned: ManagedDirectory, before: dict[str, bytes], after: dict[str, bytes]
) -> None:
    """What was a file may become a folder, what was a folder a file, and back again."""
    owned.write(before)
    assert len(before.keys() - after.keys()) == owned.write(after).removed
    assert {path: data.decode() for path, data in after.items()} == _files(owned.folder)
    owned.write(before)
    assert {path: data.decode() for path, data in before.items()} == _files(owned.folder)


def test_cut_short(owned: ManagedDirectory) -> None:
    """What was cut short when a file had become a folder already is finished by the next one."""
    owned.write({"a": b"file"})
    (owned.folder / "list").write_text('["a", "a/one"]', "utf-8")
    (owned.folder / "a").unlink()
    (owned.folder / "a").mkdir()
    (owned.folder / "a" / "one").write_bytes(b"1")
    assert Written(files=2, changed=1, removed=1) == owned.write({"a/one": b"1", "a/two": b"2"})
    assert {"a/one": "1", "a/two": "2"} == _files(owned.folder)


def test_what_is_not_ours_stays(owned: ManagedDirectory) -> None:
    """A folder is not removed for a file while it holds what somebody else has put there."""
    owned.write({"a/one": b"1"})
    (owned.folder / "a" / "mine").write_text("kept", "utf-8")
    with pytest.raises(OSError, match="directory"):
        owned.write({"a": b"file"})
    assert "kept" == (owned.folder / "a" / "mine").read_text("utf-8")
