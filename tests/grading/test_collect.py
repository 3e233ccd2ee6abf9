"""Taking a stranger's folder in."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from runner.grading.collect import Intake, take
from runner.grading.resource_limits import ResourceLimits

LIMITS = ResourceLimits(text_bytes=1000, file_bytes=2000, max_files=4, folder_bytes=5000)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a submission's folder with nothing but its text."""
    made = tmp_path / "ada"
    made.mkdir()
    (made / "submission.md").write_text("text", "utf-8")
    return made


def taken(folder: Path) -> tuple[Intake, Path]:
    """Take a folder in, and return where the copies are."""
    target = folder.parent / "copies"
    target.mkdir()
    return take(folder, target, LIMITS), target


def said(found: Intake, folder: Path) -> list[tuple[str, str]]:
    """Return the name of each file that was left out, and why."""
    return [(str(problem.path.relative_to(folder)), problem.message) for problem in found.problems]


def test_files(folder: Path) -> None:
    """Files are copied with their folders, with plain modes; the text is not among them."""
    (folder / "app").mkdir()
    (folder / "app" / "run").write_text("#!/bin/sh\n", "utf-8")
    (folder / "app" / "run").chmod(0o4777)
    (folder / "notes").write_text("notes", "utf-8")
    found, target = taken(folder)
    assert (b"text", 2, []) == (found.text, found.files, found.problems)
    assert ["app", "app/run", "notes"] == sorted(str(path.relative_to(target)) for path in target.rglob("*"))
    assert [0o755, 0o644] == [(target / name).stat().st_mode & 0o7777 for name in ("app/run", "notes")]


def test_link_inside(folder: Path) -> None:
    """A link to a file of the submission is followed."""
    (folder / "one").write_text("one", "utf-8")
    (folder / "two").symlink_to("one")
    found, target = taken(folder)
    assert [] == found.problems
    assert "one" == (target / "two").read_text("utf-8")
    assert not (target / "two").is_symlink()


@pytest.mark.parametrize("to", ["/etc/hostname", "../secret", "loop/../secret"])
def test_link_outside(to: str, folder: Path) -> None:
    """A link that leads out of the submission is left out, and told."""
    (folder.parent / "secret").write_text("secret", "utf-8")
    (folder / "loop").symlink_to(".")
    (folder / "out").symlink_to(to)
    found, target = taken(folder)
    assert ("out", "a link that leads out of the submission; put the file itself here") in said(found, folder)
    assert [] == list(target.iterdir())


def test_link_to_a_folder(folder: Path) -> None:
    """A link to a folder is left out, wherever it leads: it may lead in a circle."""
    (folder / "here").symlink_to(".")
    assert [("here", "a link to a folder; put the folder itself here")] == said(taken(folder)[0], folder)


def test_text_is_a_link_outside(folder: Path) -> None:
    """Nor may the text itself lead elsewhere."""
    (folder / "submission.md").unlink()
    (folder / "submission.md").symlink_to("/etc/hostname")
    found, _ = taken(folder)
    assert b"" == found.text
    assert "submission.md" == said(found, folder)[0][0]


def test_no_text(folder: Path) -> None:
    """A submission without its text is told."""
    (folder / "submission.md").unlink()
    found, _ = taken(folder)
    assert [("submission.md", "the file is missing")] == said(found, folder)


def test_pipe(folder: Path) -> None:
    """A pipe is left out, and nobody waits for its other end."""
    os.mkfifo(folder / "pipe")
    found, _ = taken(folder)
    assert [("pipe", "it is no regular file")] == said(found, folder)


def test_endless_device(folder: Path) -> None:
    """Of a link to an endless device nothing is read."""
    (folder / "zero").symlink_to("/dev/zero")
    assert "zero" == said(taken(folder)[0], folder)[0][0]


def test_large_file(folder: Path) -> None:
    """A file that is too large is left out by name, and the others are taken."""
    (folder / "large").write_bytes(bytes(2001))
    (folder / "small").write_bytes(bytes(2000))
    found, target = taken(folder)
    assert ["large"] == [name for name, _ in said(found, folder)]
    assert (target / "small").exists()


def test_large_folder(folder: Path) -> None:
    """Files that are too large together are left out from the one on that does not fit."""
    for name in "abc":
        (folder / name).write_bytes(bytes(1900))
    found, target = taken(folder)
    assert ["c"] == [name for name, _ in said(found, folder)]
    assert ["a", "b"] == sorted(path.name for path in target.iterdir())


def test_many_files(folder: Path) -> None:
    """Of too many files the first are taken, and it is told once that there are more."""
    for number in range(9):
        (folder / f"{number}").write_bytes(b"")
    found, target = taken(folder)
    assert [("4", "too many files; all after this one are left out")] == said(found, folder)
    assert 5 == len(list(target.iterdir()))


def test_many_bad_links(folder: Path) -> None:
    """Whatever is left out after many links is told as left out."""
    for number in range(9):
        (folder / f"link{number}").symlink_to("/etc/hostname")
    (folder / "stack.yml").write_text("services: {}\n", "utf-8")
    assert "too many files; all after this one are left out" == said(taken(folder)[0], folder)[-1][1]


@pytest.mark.parametrize("name", ["loop", "submission.md"])
def test_link_to_itself(name: str, folder: Path) -> None:
    """A link that leads to itself is left out."""
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(name)
    ((where, why),) = said(taken(folder)[0], folder)
    assert (name, True) == (where, why.startswith("it cannot be read"))


def test_deep_folders(folder: Path) -> None:
    """Folders that lie too deep are left out, however deep they are."""
    here = os.open(folder, os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("d", dir_fd=here)
        here, before = os.open("d", os.O_RDONLY, dir_fd=here), here
        os.close(before)
    os.close(here)
    found, target = taken(folder)
    assert ([], 1) == (list(target.iterdir()), len(found.problems))
    subprocess.run(["rm", "-rf", str(folder)], check=True)


def test_tools_folders(folder: Path) -> None:
    """What tools keep for themselves is passed over."""
    for name in (".git", "node_modules"):
        (folder / name).mkdir()
        (folder / name / "file").write_bytes(bytes(3000))
    found, target = taken(folder)
    assert ([], []) == (found.problems, list(target.iterdir()))
