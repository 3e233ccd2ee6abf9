"""A file is replaced completely or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.storage import atomic


@pytest.mark.parametrize("durable", [False, True])
def test_replaced(tmp_path: Path, durable: bool) -> None:
    """The file has the new content afterwards, and no temporary file remains."""
    file = tmp_path / "notes.txt"
    atomic.write_text(file, "ä\n", durable=durable)
    atomic.write_text(file, "ö\n", durable=durable)
    assert "ö\n" == file.read_text("utf-8")
    assert [file] == list(tmp_path.iterdir())


def test_failure(tmp_path: Path) -> None:
    """After an error while writing, the old content is intact and no temporary file remains."""
    file = tmp_path / "notes.txt"
    file.write_text("old", "utf-8")
    with pytest.raises(ZeroDivisionError), atomic.open_replacement(file) as stream:
        stream.write(b"new" * (1 // 0))
    assert "old" == file.read_text("utf-8")
    assert [file] == list(tmp_path.iterdir())


def test_old_content_while_writing(tmp_path: Path) -> None:
    """Readers see the old content until the new content is complete."""
    file = tmp_path / "notes.txt"
    file.write_text("old", "utf-8")
    with atomic.open_replacement(file) as stream:
        stream.write(b"new")
        stream.flush()
        assert "old" == file.read_text("utf-8")
    assert "new" == file.read_text("utf-8")


def test_permissions(tmp_path: Path) -> None:
    """A new file has the permissions asked for, and a replaced file keeps its own."""
    file = tmp_path / "notes.txt"
    atomic.write_text(file, "", mode=0o600)
    assert 0o600 == file.stat().st_mode & 0o777
    file.chmod(0o640)
    atomic.write_text(file, "new")
    assert 0o640 == file.stat().st_mode & 0o777


def test_temporary_file(tmp_path: Path) -> None:
    """A caller can choose the temporary file; one that a killed process left is overwritten."""
    file, temporary = tmp_path / "notes.txt", tmp_path / "temporary"
    temporary.write_text("a much longer text than the new one", "utf-8")
    atomic.write_bytes(file, b"new", temporary=temporary)
    assert "new" == file.read_text("utf-8")
    assert not temporary.exists()


def test_pipe(tmp_path: Path) -> None:
    """A pipe is written to, not replaced."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        atomic.write_text(pipe, "piped")
        assert b"piped" == os.read(reader, 100)
    finally:
        os.close(reader)
    assert pipe.is_fifo()
