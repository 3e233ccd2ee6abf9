"""Repairing files that lost something on their way."""

from __future__ import annotations

import pytest

from runner.grading import repairs
from runner.grading.snapshot import SnapshotFile


def repair(path: str, content: bytes, is_executable: bool = False) -> tuple[SnapshotFile, list[str]]:
    """Repair one file, and return it with the notes."""
    (file,), notes = repairs.repair_scripts([SnapshotFile(path, content, is_executable)])
    return file, notes


@pytest.mark.parametrize("path", ["run.sh", "app/Deploy.SH", "run.bash", "run"])
def test_lost_permission(path: str) -> None:
    """A script that cannot be executed is made executable, and a note says so."""
    content = b"#!/bin/sh\ntrue\n"
    assert (SnapshotFile(path, content, True), [f"made executable: {path}"]) == repair(path, content)


def test_script_without_interpreter() -> None:
    """A file whose name ends like that of a script is one."""
    assert repair("run.sh", b"true\n")[0].is_executable


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"#!/bin/sh\r\ntrue\r\n", b"#!/bin/sh\ntrue\n"),
        (b"\xef\xbb\xbf#!/bin/sh\r\ntrue\r\n", b"#!/bin/sh\ntrue\n"),
        (b"\xef\xbb\xbf#!/bin/sh\ntrue\n", b"#!/bin/sh\ntrue\n"),
    ],
)
def test_line_ends_of_windows(content: bytes, expected: bytes) -> None:
    """A script with line ends or a byte order mark of Windows is converted, and a note says so."""
    assert (SnapshotFile("run.sh", expected, True), ["line ends of Windows were converted in run.sh"]) == repair(
        "run.sh", content, is_executable=True
    )


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("run.sh", b"#!/bin/sh\nprintf 'a\r\n'\n"),
        ("run.sh", b"#!/bin/sh\n"),
        ("app/run", b"#! /usr/bin/env python3\n"),
    ],
)
def test_correct_scripts(path: str, content: bytes) -> None:
    """A script that can be run is not changed."""
    assert (SnapshotFile(path, content, True), []) == repair(path, content, is_executable=True)


@pytest.mark.parametrize(
    ("path", "content"), [("stack.yml", b"services:\r\n"), ("notes.txt", b"#!important\r\n"), ("data", b"\r\n")]
)
def test_other_files(path: str, content: bytes) -> None:
    """A file that is not a script is not changed, whatever its line ends are."""
    assert (SnapshotFile(path, content, False), []) == repair(path, content)


def test_many_scripts() -> None:
    """The notes name the first scripts, and say how many others there are."""
    files = [SnapshotFile(f"{number}.sh", b"true\r\n", False) for number in range(10)]
    _, notes = repairs.repair_scripts(files)
    listed = "0.sh, 1.sh, 2.sh, 3.sh, 4.sh, 5.sh, 6.sh, 7.sh and 2 more"
    assert [f"line ends of Windows were converted in {listed}", f"made executable: {listed}"] == notes


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_utf16(encoding: str) -> None:
    """Text in UTF-16 with a byte order mark becomes UTF-8; a damaged one does not."""
    text = "\ufeffZoë" if encoding == "utf-16-be" else "Zoë"
    assert ("Zoë".encode(), "UTF-16") == repairs.convert_to_utf8(text.encode(encoding))
    damaged = text.encode(encoding)[:-1]
    assert (damaged, "") == repairs.convert_to_utf8(damaged)


def test_windows_1252() -> None:
    """Text that is not UTF-8 is Windows-1252; what is neither, or contains zeros, is not changed."""
    assert ("Zoë “5 €”".encode(), "Windows-1252") == repairs.convert_to_utf8("Zoë “5 €”".encode("cp1252"))
    for content in ("Zoë".encode(), b"\xef\xbb\xbfZo", b"Zo\xeb\0", b"Zo\xeb\x81"):
        assert (content, "") == repairs.convert_to_utf8(content)
