"""Collecting an untrusted submission's folder."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from runner.grading.collect import read_submission_snapshot
from runner.grading.resource_limits import ResourceLimits
from runner.grading.snapshot import Snapshot

LIMITS = ResourceLimits(text_bytes=1000, file_bytes=2000, max_files=4, folder_bytes=5000)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a submission's folder that contains only its text."""
    folder = tmp_path / "ada"
    folder.mkdir()
    (folder / "submission.md").write_text("text", "utf-8")
    return folder


def collect(folder: Path) -> Snapshot:
    """Collect a folder with small limits."""
    return read_submission_snapshot(folder, LIMITS)


def list_problems(snapshot: Snapshot) -> list[tuple[str, str]]:
    """Return the name of each file that was excluded, and the reason."""
    return [(str(problem.path), problem.message) for problem in snapshot.problems]


def list_names(snapshot: Snapshot) -> list[str]:
    """Return the names of the files that were collected."""
    return sorted(file.path for file in snapshot.files)


def test_files(folder: Path) -> None:
    """Files are collected from subfolders too, with simple modes; the text is separate."""
    (folder / "app").mkdir()
    (folder / "app" / "run").write_text("#!/bin/sh\n", "utf-8")
    (folder / "app" / "run").chmod(0o4777)
    (folder / "notes").write_text("notes", "utf-8")
    snapshot = collect(folder)
    assert ("ada", b"text", []) == (snapshot.name, snapshot.text, list_problems(snapshot))
    assert {"app/run": (b"#!/bin/sh\n", 0o755), "notes": (b"notes", 0o644)} == {
        file.path: (file.content, file.mode) for file in snapshot.files
    }


def test_snapshot_does_not_change(folder: Path) -> None:
    """A snapshot keeps its content and its hash when the folder changes."""
    (folder / "notes").write_text("notes", "utf-8")
    snapshot = collect(folder)
    digest = snapshot.digest
    (folder / "notes").write_text("changed", "utf-8")
    assert (digest, [b"notes"]) == (snapshot.digest, [file.content for file in snapshot.files])
    assert digest != collect(folder).digest


def test_link_inside(folder: Path) -> None:
    """A link to a file of the submission is followed."""
    (folder / "one").write_text("one", "utf-8")
    (folder / "two").symlink_to("one")
    snapshot = collect(folder)
    assert [] == list_problems(snapshot)
    assert {"one": b"one", "two": b"one"} == {file.path: file.content for file in snapshot.files}


@pytest.mark.parametrize("to", ["/etc/hostname", "../secret", "loop/../secret"])
def test_link_outside(to: str, folder: Path) -> None:
    """A link to a file outside the submission is excluded and reported."""
    (folder.parent / "secret").write_text("secret", "utf-8")
    (folder / "loop").symlink_to(".")
    (folder / "out").symlink_to(to)
    snapshot = collect(folder)
    reason = "symbolic link to a file outside the submission; replace it with the file itself"
    assert ("out", reason) in list_problems(snapshot)
    assert () == snapshot.files


def test_link_to_a_folder(folder: Path) -> None:
    """A link to a folder is excluded, even inside the submission: it could be a loop."""
    (folder / "here").symlink_to(".")
    reason = "symbolic link to a folder; replace it with the folder itself"
    assert [("here", reason)] == list_problems(collect(folder))


def test_text_is_a_link_outside(folder: Path) -> None:
    """The text itself cannot be a link to a file outside either."""
    (folder / "submission.md").unlink()
    (folder / "submission.md").symlink_to("/etc/hostname")
    snapshot = collect(folder)
    assert b"" == snapshot.text
    assert "submission.md" == list_problems(snapshot)[0][0]


def test_no_text(folder: Path) -> None:
    """A submission without its text is reported."""
    (folder / "submission.md").unlink()
    assert [("submission.md", "the file is missing; the folder is empty")] == list_problems(collect(folder))


def test_pipe(folder: Path) -> None:
    """A pipe is excluded without waiting for its other end."""
    os.mkfifo(folder / "pipe")
    assert [("pipe", "not a regular file")] == list_problems(collect(folder))


def test_endless_device(folder: Path) -> None:
    """A link to an endless device is not read."""
    (folder / "zero").symlink_to("/dev/zero")
    assert "zero" == list_problems(collect(folder))[0][0]


def test_large_file(folder: Path) -> None:
    """A file that is too large is reported by name, and all other files are collected."""
    (folder / "large").write_bytes(bytes(2001))
    (folder / "small").write_bytes(bytes(2000))
    snapshot = collect(folder)
    assert [("large", "too large; at most 1 kB are allowed here")] == list_problems(snapshot)
    assert ["small"] == list_names(snapshot)


def test_large_folder(folder: Path) -> None:
    """If all files together are too large, those that do not fit any more are excluded."""
    for name in "abc":
        (folder / name).write_bytes(bytes(1900))
    snapshot = collect(folder)
    assert ["c"] == [name for name, _ in list_problems(snapshot)]
    assert ["a", "b"] == list_names(snapshot)


def test_many_files(folder: Path) -> None:
    """Of too many files only the first ones are collected, and this is reported once."""
    for number in range(9):
        (folder / f"{number}").write_bytes(b"")
    snapshot = collect(folder)
    assert [("4", "more than 4 files; all files after this one are ignored")] == list_problems(snapshot)
    assert 5 == len(snapshot.files)


def test_many_bad_links(folder: Path) -> None:
    """Files after too many excluded links are reported as ignored."""
    for number in range(9):
        (folder / f"link{number}").symlink_to("/etc/hostname")
    (folder / "stack.yml").write_text("services: {}\n", "utf-8")
    assert "more than 4 files; all files after this one are ignored" == list_problems(collect(folder))[-1][1]


@pytest.mark.parametrize("name", ["loop", "submission.md"])
def test_link_to_itself(name: str, folder: Path) -> None:
    """A link to itself is excluded."""
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(name)
    ((path, reason),) = list_problems(collect(folder))
    assert (name, True) == (path, reason.startswith("cannot read the file"))


def test_deep_folders(folder: Path) -> None:
    """Folders that are nested too deeply are excluded, even a thousand levels deep."""
    descriptor = os.open(folder, os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("d", dir_fd=descriptor)
        descriptor, parent = os.open("d", os.O_RDONLY, dir_fd=descriptor), descriptor
        os.close(parent)
    os.close(descriptor)
    snapshot = collect(folder)
    assert ((), 1) == (snapshot.files, len(snapshot.problems))
    subprocess.run(["rm", "-rf", str(folder)], check=True)


def test_folders_of_tools(folder: Path) -> None:
    """The folders of development tools are ignored."""
    for name in (".git", "node_modules"):
        (folder / name).mkdir()
        (folder / name / "file").write_bytes(bytes(3000))
    snapshot = collect(folder)
    assert ([], ()) == (list_problems(snapshot), snapshot.files)


def test_files_of_systems(folder: Path) -> None:
    """The files and folders of operating systems are ignored."""
    for name in ("__MACOSX", "@eaDir"):
        (folder / name).mkdir()
        (folder / name / "file").touch()
    for name in (".DS_Store", "Thumbs.db", "._submission.md"):
        (folder / name).touch()
    snapshot = collect(folder)
    assert ([], ()) == (list_problems(snapshot), snapshot.files)
