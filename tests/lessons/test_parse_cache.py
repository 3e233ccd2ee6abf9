"""Remembering what a lesson was parsed to."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner import paths
from runner.errors import BrokenLabError
from runner.lessons import parse, parse_cache
from runner.lessons.learner_values import Learner
from tests import helpers

LESSON = f"{helpers.FRONT_MATTER}## Look {{#look}}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lab that has been read once."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    helpers.write_lab(tmp_path, LESSON, name="nets")
    parse_cache.load_cached_lab(tmp_path / "labs" / "nets")
    return tmp_path / "labs" / "nets"


def forbid_parsing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the test fail if the parser is asked."""

    def parsed(_folder: Path, _learner: Learner) -> None:
        pytest.fail("The lesson was parsed again.")

    monkeypatch.setattr(parse, "parse_lab", parsed)


def test_unchanged(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lesson that has not changed is not parsed again, and is the same."""
    expected = parse.parse_lab(folder)
    forbid_parsing(monkeypatch)
    assert expected == parse_cache.load_cached_lab(folder)


def test_changed(folder: Path) -> None:
    """A lesson that has changed is parsed anew."""
    (folder / "lesson.md").write_text(LESSON.replace("#look", "#gaze"), "utf-8")
    assert ["gaze"] == [step.id for step in parse_cache.load_cached_lab(folder).lesson.steps]


def test_setup_gone(folder: Path) -> None:
    """What the parser would refuse is refused, though the lesson itself is the same."""
    (folder / "setup.sh").unlink()
    with pytest.raises(BrokenLabError, match=r"setup\.sh:1: the file is missing"):
        parse_cache.load_cached_lab(folder)


@pytest.mark.parametrize("rest", [b"", b"garbage", b"c__main__\nGone\n."])
def test_damaged_note(folder: Path, rest: bytes) -> None:
    """A note that cannot be read is as good as none."""
    (note,) = (paths.cache_folder() / "lessons").iterdir()
    note.write_bytes(note.read_bytes()[:32] + rest)
    assert parse.parse_lab(folder) == parse_cache.load_cached_lab(folder)


def test_no_room(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where nothing can be noted, the lesson is read all the same."""
    blocked = tmp_path / "a file"
    blocked.touch()
    monkeypatch.setattr(paths, "cache_folder", lambda: blocked)
    assert parse.parse_lab(folder) == parse_cache.load_cached_lab(folder)
